"""What a column can mean: an attribute of the lead or of the company, and how its cells are read.

A value passes the same shapes as one that comes through the API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from rest_framework.exceptions import ValidationError

from leads.conditions.registry import CUSTOM
from leads.imports import cells
from leads.imports.charset import UNREADABLE
from leads.intake.shapes import CompanyShape, ContactShape, LeadShape
from leads.intake.sizes import band_of
from leads.models import Company, CustomField

EMAIL, FIRST, LAST, NAME, CREATED_AT = "email", "first_name", "last_name", "name", "created_at"
COMPANY, NEW = "company.", "new."
LEAD_TARGETS = {
    EMAIL: "E-mail address",
    NAME: "Name",
    FIRST: "First name",
    LAST: "Last name",
    "phone": "Phone",
    "job_title": "Job title",
    "seniority": "Seniority",
    "department": "Department",
    "country": "Country",
    "region": "Region",
    "language": "Language",
    "postal_code": "Postal code",
    "lead_source": "Source",
    "channel": "Channel",
    "campaign": "Campaign",
    CREATED_AT: "Created at",
    "email_consent": "Consent to e-mail",
    "phone_consent": "Consent to calls",
    "opted_out": "Opted out of e-mail",
    "do_not_call": "Asked not to be called",
    "do_not_contact": "Do not contact",
}
COMPANY_TARGETS = {
    "company.name": "Company name",
    "company.domain": "Company domain or website",
    "company.employees": "Company employees",
    "company.industry": "Company industry",
    "company.country": "Company country",
    "company.relationship": "Relationship",
    "company.market_segment": "Market segment",
    "company.revenue": "Company revenue",
    "company.revenue_currency": "Revenue currency",
    "company.funding_stage": "Funding stage",
    "company.tech_stack": "Tech stack",
    "company.competitor_in_use": "Competitor in use",
}
KINDS = (
    CustomField.Kind.TEXT,
    CustomField.Kind.NUMBER,
    CustomField.Kind.DATE,
    CustomField.Kind.YES_NO,
)
NEW_TARGETS = {
    f"{NEW}{on}.{kind}": f"New {on} field: {kind.label.lower()}"
    for on in CustomField.On.values
    for kind in KINDS
}
BROKEN = "The spreadsheet could not work this cell out."
_BROKEN = {
    UNREADABLE: "Holds bytes that the encoding does not have.",
    "\x00": "Holds a null character.",
}
_NAMES = (EMAIL, NAME, FIRST, LAST)
_REMEMBERED = 20_000  # texts of a column whose reading is kept: most columns repeat a few
_SHORT = 60  # characters of a text that is kept


@dataclass
class Column:
    """A column that is taken: where it stands, what it means, and how its cells are read."""

    number: int
    heading: str
    target: str
    reader: Callable[[str], Any]

    def __post_init__(self):
        self._known: dict[str, tuple[Any, str]] = {}

    def read(self, text):
        """Return `(value, problem)`; the value is None where nothing is said or it is no value."""
        found = self._known.get(text)
        if found is None:
            found = self._read(text)
            if len(text) <= _SHORT and len(self._known) < _REMEMBERED and self.target != EMAIL:
                self._known[text] = found
        return found

    def _read(self, text):
        bare = text.strip()
        if not bare or (self.target not in _NAMES and bare.casefold() in cells.EMPTY):
            return None, ""
        broken = [why for sign, why in _BROKEN.items() if sign in bare]
        if broken or bare.casefold() in cells.BROKEN:
            return None, broken[0] if broken else BROKEN
        try:
            return self.reader(bare), ""
        except (cells.NotAValue, ValidationError, Invalid) as error:
            return None, _told(error)


def _told(error):
    if isinstance(error, ValidationError):
        return " ".join(_messages(error.detail))
    return " ".join(error.messages) if isinstance(error, Invalid) else str(error)


def _messages(detail):
    if isinstance(detail, dict):
        return [message for inner in detail.values() for message in _messages(inner)]
    if isinstance(detail, list):
        return [message for inner in detail for message in _messages(inner)]
    return [str(detail)]


def reader_of(target, *, order, custom, number=cells.number):
    """Return what reads the cells of a column of this target. Raise KeyError for an unknown one.

    `order` is that of days and months; `custom` are the custom fields by key; `number` reads the
    numbers in them: `cells.sent_number` for what is not a person's list.
    """
    if target.startswith(CUSTOM):
        return _custom_reader(custom[target.removeprefix(CUSTOM)], order, number)
    special = {
        CREATED_AT: lambda text: cells.moment(text, order),
        "email_consent": cells.consent,
        "phone_consent": cells.consent,
        "opted_out": cells.yes_no,
        "do_not_call": cells.yes_no,
        "do_not_contact": cells.yes_no,
        "company.employees": _after(_employees, _company()["employees"]),
        "company.revenue": _after(cells.money, _company()["revenue"]),
        "company.domain": _domain,
        "company.tech_stack": _after(cells.several, _company()["tech_stack"]),
        "company.relationship": _relationship,
    }
    if target in special:
        return special[target]
    if target in (FIRST, LAST):
        return _contact()[NAME].run_validation
    if target.startswith(COMPANY):
        return _company()[target.removeprefix(COMPANY)].run_validation
    fields = _lead() if target in ("lead_source", "channel", "campaign") else _contact()
    return fields["source" if target == "lead_source" else target].run_validation


@cache
def _contact():
    return ContactShape().fields


@cache
def _lead():
    return LeadShape().fields


@cache
def _company_shape():
    return CompanyShape()


def _company():
    return _company_shape().fields


def _after(first, field):
    return lambda text: field.run_validation(first(text))


def _employees(text):
    """A band is left to the shape; a number may be written as spreadsheets write them."""
    return text if band_of(text) is not None else cells.whole(text)


def _domain(text):
    bare = _company()["domain"].run_validation(cells.domain(text))
    return _company_shape().validate_domain(bare)


def _relationship(text):
    for value, label in Company.Relationship.choices:
        if text.casefold() in (value, label.casefold()):
            return value
    raise cells.NotAValue(f"Choose one of: {', '.join(Company.Relationship.labels)}.")


def _custom_reader(row, order, number):
    first = {
        CustomField.Kind.NUMBER: number,
        CustomField.Kind.DATE: lambda text: cells.day(text, order).isoformat(),
        CustomField.Kind.YES_NO: cells.yes_no,
    }.get(CustomField.Kind(row.kind), str)
    return lambda text: row.read(first(text))
