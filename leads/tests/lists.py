"""Files of leads for tests, and one way to import them."""

import io
import itertools
import random
from contextlib import contextmanager

from django.db import transaction
from openpyxl import Workbook

from conftest import NOW
from leads.imports import mapping, runner, uploads
from leads.imports.reading import Reading
from leads.models import Company, FieldValue, Identity, ImportRun, Lead, Pending

HEADING = (
    "Email,First Name,Last Name,Job Title,Company name,Company Domain Name,Number of Employees"
)


def text(*rows, heading=HEADING):
    return "\n".join([heading, *rows, ""])


def people(count, *, start=0):
    """Rows of different people, four of whom share a company."""
    for n in range(start, start + count):
        c = n // 4
        yield f"p{n}@c{c}.example,Pat,Number{n},VP {n % 7},Company {c},c{c}.example,{c}"


def workbook(*rows, sheet="Leads"):
    """The bytes of an Excel workbook."""
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(content, *, name="leads.csv", columns=None, strict=False, **how):
    """Take a file in, as the page does; `columns` is a mapping by heading."""
    raw = content.encode() if isinstance(content, str) else content
    pieces = iter([raw[at : at + 4096] for at in range(0, len(raw), 4096)])
    batch = uploads.take_in(pieces, name=name, by=None, now=NOW, **how)
    if columns:
        batch.mapping = mapping.in_order(columns, Reading(**batch.reading))
    batch.strict = strict
    batch.save()
    return batch


def run(batch, kind=ImportRun.Kind.LOAD, *, now=NOW, steps=None, by=None):
    """Work on an import as the worker does, for at most so many steps; return its run."""
    asked = batch.ask_for(kind, by=by, now=now)
    claimed = runner.claim(now=now, run=asked)
    count = itertools.count(1)
    enough = (lambda: next(count) >= steps) if steps else (lambda: False)
    runner.work(claimed, clock=lambda: now, enough=enough)
    asked.refresh_from_db()
    return asked


def load(content, **how):
    """Import a file in one go; return the run."""
    return run(upload(content, **how))


def counts(run):
    names = ("created", "updated", "unchanged", "refused", "blank")
    assert run.lines == sum(getattr(run, name) for name in names)
    return {name: getattr(run, name) for name in names if getattr(run, name)}


def told(run):
    """What was wrong, as (line, field, reason)."""
    return list(run.told.order_by("line", "pk").values_list("line", "field", "reason"))


def messy(seed):
    """A list with people and companies that stand in it several times and say different things."""
    pick = random.Random(seed)
    rows = []
    for _ in range(120):
        company = pick.randrange(12)
        where = [
            ("", ""),
            (f"Company {company}", ""),
            (f"Company {company}", f"c{company}.example"),
        ]
        where += [("", f"alone{company}.example")]
        name, domain = pick.choice(where)
        cells = [
            f"p{pick.randrange(30)}@x.example",
            "Pat",
            pick.choice(["", "A", "B"]),
            pick.choice(["CEO", "CTO", ""]),
            name,
            domain,
            pick.choice(["", "5", "9", "many"]),
        ]
        rows.append(",".join(cells))
    rows += ["", "no address,,,,,,"]
    return text(*rows)


def state():
    """Everything that an import may change, without ids and the times of writing."""
    leads = Lead.objects.order_by("email").values(
        *("email", "name", "phone", "job_title", "country", "lead_source", "opted_out"),
        *("company__name", "campaign__name", "attributes", "created_at", "score__total"),
    )
    companies = Company.objects.order_by("domain", "name").values(
        "domain", "name", "employees", "industry", "revenue", "tech_stack", "attributes"
    )
    known = FieldValue.objects.order_by("lead__email", "company__domain", "company__name", "field")
    names = Identity.objects.order_by("value").values_list("kind", "value", "lead__email")
    return {
        "leads": list(leads),
        "companies": list(companies),
        "known": list(known.values("lead__email", "company__domain", "company__name", "field")),
        "names": list(names),
        "waiting": sorted(set(Pending.objects.values_list("lead__email", flat=True))),
    }


@contextmanager
def undone():
    """What is done inside is as if it had never been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
