"""The fields that a condition may ask about. Apps above register theirs from `ready()`."""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"
    BEHAVIOUR = "behaviour"


@dataclass(frozen=True)
class Field:
    """A question's subject: `path` is the look-up from a lead, as a queryset would write it."""

    key: str
    label: str
    type: Type
    path: str


FIELDS: dict[str, Field] = {}


def register(key, label, type, path):
    """Make a field available to every rule, list and report."""
    FIELDS[key] = Field(key, label, type, path)


def choices():
    """Return the fields as form choices, ordered by label."""
    return sorted(((field.key, field.label) for field in FIELDS.values()), key=lambda c: c[1])


register("job_title", "Job title", Type.TEXT, "job_title")
register("seniority", "Seniority", Type.TEXT, "seniority")
register("department", "Department", Type.TEXT, "department")
register("country", "Country", Type.TEXT, "country")
register("region", "Region", Type.TEXT, "region")
register("email", "E-mail address", Type.TEXT, "email")
register("opted_out", "Opted out of e-mail", Type.YES_NO, "opted_out")
register("lead_source", "Source", Type.TEXT, "lead_source")
register("campaign", "Campaign", Type.TEXT, "campaign__name")
register("company.name", "Company name", Type.TEXT, "company__name")
register("company.domain", "Company domain", Type.TEXT, "company__domain")
register("company.employees", "Company employees", Type.NUMBER, "company__employees")
register("company.industry", "Company industry", Type.TEXT, "company__industry")
register("company.country", "Company country", Type.TEXT, "company__country")
register("company.relationship", "Relationship", Type.CHOICE, "company__relationship")
register("behaviour", "Behaviour", Type.BEHAVIOUR, "signal_days")
