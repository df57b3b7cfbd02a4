"""Leads as a spreadsheet that runs no formula, whatever a lead is called."""

import csv

from django.utils import timezone

# A cell that begins so is a formula to some spreadsheet; full-width variants are read the same.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001

COLUMNS = {
    "Name": lambda lead: lead.name,
    "E-mail": lambda lead: lead.email,
    "Phone": lambda lead: lead.phone,
    "Job title": lambda lead: lead.job_title,
    "Country": lambda lead: lead.country,
    "Company": lambda lead: lead.company.name if lead.company else "",
    "Domain": lambda lead: lead.company.domain if lead.company else "",
    "Employees": lambda lead: lead.company.employees if lead.company else "",
    "Source": lambda lead: lead.lead_source,
    "Campaign": lambda lead: lead.campaign.name if lead.campaign else "",
    "Stage": lambda lead: lead.stage.label,
    "Status": lambda lead: lead.get_status_display(),
    "Score": lambda lead: lead.score.total if hasattr(lead, "score") else "",
    "Tier": lambda lead: lead.score.tier if hasattr(lead, "score") else "",
    "Opted out": lambda lead: "yes" if lead.opted_out else "no",
    "Received": lambda lead: timezone.localtime(lead.created_at).isoformat(timespec="seconds"),
}


def safe(value):
    """Return a cell's text, with an apostrophe before what a spreadsheet would calculate."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if text.startswith(FORMULA) else text


def write(leads, file):
    """Write these leads as CSV, one line each after the heading."""
    sheet = csv.writer(file)
    sheet.writerow(COLUMNS)
    for lead in leads:
        sheet.writerow(safe(cell(lead)) for cell in COLUMNS.values())
