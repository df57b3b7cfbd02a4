"""Leads as the rows of a spreadsheet."""

from django.utils import timezone

from leads.spreadsheet import safe, write_csv, write_xlsx

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


def write(leads, file):
    """Write these leads as CSV, one line each after the heading."""
    write_csv(COLUMNS, _rows(leads), file)


def write_workbook(leads, file):
    """Write these leads as an Excel workbook, one row each after the heading."""
    write_xlsx(COLUMNS, _rows(leads), file, title="Leads")


def _rows(leads):
    return ([cell(lead) for cell in COLUMNS.values()] for lead in leads)


__all__ = ["COLUMNS", "safe", "write", "write_workbook"]
