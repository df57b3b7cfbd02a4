"""A row of a file as what it says of a person and their company, every cell checked by itself."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads import consents
from leads.imports.targets import COMPANY, CREATED_AT, EMAIL, FIRST, LAST, NAME
from leads.intake import companies
from leads.intake.addresses import normal_email
from leads.intake.countries import as_written
from leads.text import storable

NO_EMAIL = "No e-mail address, by which a lead is known."
NO_COMPANY = "The company's name or domain is missing, so it is not known whose this is."
FUTURE = "A time in the future."
CAMPAIGN = "campaign"
RAW = 1_000  # characters of a line that are kept with what was wrong with it
RAW_CELL = 100


@dataclass
class Problem:
    """Why a line was refused, or one of its values left out."""

    field: str
    reason: str
    refused: bool = False


@dataclass
class Line:
    """One row: whom it names, what it says of them, and what was wrong with it."""

    number: int
    cells: list[str]
    email: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] = field(default_factory=dict)
    company_key: tuple[str, str] | None = None  # (domain, name), as intake finds companies
    campaign: str = ""
    created_at: datetime | None = None
    problems: list[Problem] = field(default_factory=list)
    is_blank: bool = False

    @property
    def refused(self):
        return any(problem.refused for problem in self.problems)

    @property
    def key(self):
        """The identity of the person."""
        return normal_email(self.email)

    def refuse(self, reason, field=""):
        self.problems.append(Problem(field, reason, refused=True))


def read(row, columns, *, strict, now):
    """Return the Line of a Row. `strict` refuses it for any cell that is no value of its column."""
    line = Line(row.line, row.cells, is_blank=row.is_blank)
    if row.problem:
        line.refuse(row.problem)
    if row.problem or line.is_blank:
        return line
    said = {}
    for column in columns:
        value, problem = column.read(row.cells[column.number]) if _has(row, column) else (None, "")
        if problem:
            needed = strict or column.target == EMAIL
            line.problems.append(Problem(column.heading, problem, refused=needed))
            if column.target == "country":
                said["unread_country"] = as_written(row.cells[column.number])
        elif value not in (None, "", []):
            said[column.target] = value
    if not line.refused and EMAIL not in said:
        line.refuse(NO_EMAIL, _heading(columns, EMAIL))
    if not line.refused:
        _sort(line, said, columns, now=now)
    return line


def _has(row, column):
    return column.number < len(row.cells)


def _heading(columns, target):
    return next((column.heading for column in columns if column.target == target), "")


def _sort(line, said, columns, *, now):
    """Tell apart what is said of the person and of the company."""
    line.email = said.pop(EMAIL)
    line.campaign = said.pop(CAMPAIGN, "")
    line.created_at = said.pop(CREATED_AT, None)
    if line.created_at and line.created_at > now:
        line.problems.append(Problem(_heading(columns, CREATED_AT), FUTURE))
        line.created_at = None
    parts = [said.pop(part, "") for part in (FIRST, LAST)]
    if not said.get(NAME) and any(parts):
        said[NAME] = " ".join(filter(None, parts))[:200]
    said = consents.in_full(said)
    company = {
        name.removeprefix(COMPANY): said.pop(name)
        for name in list(said)
        if name.startswith(COMPANY)
    }
    line.person = said
    line.company_key = companies.key_of(company, line.email)
    if line.company_key:
        line.company = {"domain": "", "name": ""} | company
    elif company:
        line.problems.append(Problem("Company", NO_COMPANY))


def raw(cells):
    """Return the cells of a line as one text for the report, cut short and storable."""
    cut = (cell if len(cell) <= RAW_CELL else f"{cell[:RAW_CELL]}…" for cell in cells)
    text = " | ".join(cut)[:RAW]
    return "".join(sign if storable(sign) else "\ufffd" for sign in text)
