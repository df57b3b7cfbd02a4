"""The data set of `bench scoring`: leads, companies and their days, made by the database itself.

Numbers are drawn from a fixed seed. Activity is skewed as real activity is: a third of the leads
never did anything, a few did thousands of things, and much of it is recent.
"""

from contextlib import contextmanager
from itertools import accumulate, pairwise

from django.db import connection

from handoff_project.demo import bench_rules
from handoff_project.demo.bench_rules import CHANGING, CHANGING_SHARE, SIGNALS
from leads.models import Company, Lead, Rescoring
from leads.scoring import statement

DAYS = 395
RECENT = 1.6  # 1 would spread the touchpoints evenly over the days
ACTIVE = 0.66  # of the leads ever did something
SKEW = 2.6  # 1 would make all of those equally busy
TOUCHES_A_ROW = 2.15  # touchpoints of a lead, signal and day on average

WORDS = {
    "country": (
        "DE", "US", "GB", "FR", "NL", "CH", "AT", "IE", "CA", "ES", "IT", "SE",
        "PL", "BE", "DK", "NO", "FI", "PT", "MX", "BR", "AU", "JP", "IN", "SG",
    ),
    "industry": (
        "Manufacturing", "Logistics", "Retail", "Software", "Healthcare", "Energy",
        "Finance", "Education", "Construction", "Media", "Telecom", "Public sector",
    ),
    "department": (
        "Operations", "Sales", "Marketing", "Finance", "IT", "Supply chain", "HR", "Legal",
    ),
    "seniority": ("", "Specialist", "Manager", "Director", "VP", "C-level"),
    "level": (
        "Head of", "VP", "Director of", "Chief of", "Senior Manager", "Manager",
        "Team Lead", "Specialist", "Analyst", "Assistant", "Student in", "Consultant",
    ),
    "subject": (
        "Operations", "Supply Chain", "Logistics", "Procurement", "Planning", "Sales",
        "Marketing", "Finance", "Information Technology", "Data", "Quality", "Production",
        "Human Resources", "Legal Affairs", "Research and Development", "Customer Service",
        "Facilities", "Product Management",
    ),
}  # fmt: skip


def make(*, leads, companies, touchpoints, now, say):
    """Fill the empty tables with that many rows, scored by a live definition of 20 rules."""
    signals = bench_rules.make_signals()
    with connection.cursor() as cursor:
        # Only this data set is lost if the machine fails now.
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute("SET work_mem = '128MB'")
        cursor.execute("SELECT setseed(0.42)")
        say(f"Making {companies:,} companies and {leads:,} leads ...")
        _companies(cursor, companies, now)
        with _without_indexes(cursor, "leads_lead"):
            _leads(cursor, leads, companies, now)
        say(f"Making the daily aggregate of {touchpoints:,} touchpoints ...")
        with _without_indexes(cursor, "leads_signalday"):
            _days(cursor, touchpoints, leads, [signal.pk for signal in signals.values()], now)
        cursor.execute("VACUUM ANALYZE leads_company, leads_lead, leads_signalday")
        say("Scoring everybody for the first time ...")
        _score(cursor, bench_rules.make_live(signals, now=now), now)
        cursor.execute("VACUUM ANALYZE leads_lead, leads_score")
        for setting in ("synchronous_commit", "maintenance_work_mem", "work_mem"):
            cursor.execute(f"RESET {setting}")


def _companies(cursor, companies, now):
    same = _defaults(
        Company,
        besides="name domain employees industry country relationship created_at updated_at",
    )
    cursor.execute(
        "INSERT INTO leads_company (name, domain, employees, industry, country, relationship, "
        f"created_at, updated_at, {', '.join(same)}) "
        "SELECT 'Firm ' || i, 'firm' || i || '.example', (5 * power(10, 3.5 * random()))::int, "
        f"{_any_of('industry')}, {_any_of('country', skew=2)}, "
        "CASE WHEN random() < 0.05 THEN 'customer' ELSE 'none' END, "
        f"%(now)s, %(now)s, {_given(same)} FROM generate_series(1, %(count)s) AS i",
        WORDS_AS_LISTS | same | {"count": companies, "now": now},
    )


def _leads(cursor, leads, companies, now):
    same = _defaults(
        Lead,
        besides="email name job_title seniority department country language lead_source "
        "email_consent opted_out created_at updated_at company_id stage_id",
    )
    cursor.execute(
        "INSERT INTO leads_lead (email, name, job_title, seniority, department, country, "
        "language, lead_source, email_consent, opted_out, created_at, updated_at, "
        f"company_id, stage_id, {', '.join(same)}) "
        "SELECT 'lead' || i || '@bench.example', 'Lead ' || i, "
        f"{_any_of('level', skew=0.6)} || ' ' || {_any_of('subject')} || "
        "CASE WHEN random() < 0.3 THEN ', Region ' || ceil(random() * 60) ELSE '' END, "
        f"{_any_of('seniority', skew=2)}, CASE WHEN random() < %(share)s THEN %(changing)s "
        f"ELSE {_any_of('department')} END, {_any_of('country', skew=2)}, "
        "'en', 'Bench', CASE WHEN i %% 25 = 0 THEN 'withdrawn' ELSE '' END, i %% 25 = 0, "
        "%(now)s - random() * interval '395 days', %(now)s, "
        "CASE WHEN random() < 0.9 THEN first + floor(random() * %(companies)s) END, 'lead', "
        f"{_given(same)} "
        "FROM generate_series(1, %(count)s) AS i, (SELECT MIN(id) AS first FROM leads_company)",
        WORDS_AS_LISTS
        | same
        | {"count": leads, "companies": companies, "now": now}
        | {"changing": CHANGING, "share": CHANGING_SHARE},
    )


def _defaults(model, *, besides):
    """Return `{column: value}` that every row of the model has alike, in its other columns."""
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields
        if not field.primary_key and field.column not in besides.split()
    }


def _given(columns):
    return ", ".join(f"%({name})s" for name in columns)


WORDS_AS_LISTS = {name: list(words) for name, words in WORDS.items()}


def _any_of(words, skew=1):
    """SQL for one of these words at random; with a skew above 1, the first ones more often."""
    drawn = f"1 + floor(power(random(), {skew}) * {len(WORDS[words])})"
    return f"(%({words})s::text[])[({drawn})::int]"


def _days(cursor, touchpoints, leads, signals, now):
    """Write the days month by month, as they would have arrived: oldest first, leads mixed."""
    cursor.execute("SELECT MIN(id) FROM leads_lead")
    given = {
        "first": cursor.fetchone()[0],
        "leads": leads,
        "active": leads * ACTIVE,
        "signals": signals,
        "bounds": list(accumulate(share for _, share in SIGNALS.values()))[:-1],
        "today": now.date(),
    }
    for newest, oldest in reversed([*pairwise([*range(0, DAYS, 30), DAYS])]):
        part = (oldest / DAYS) ** (1 / RECENT) - (newest / DAYS) ** (1 / RECENT)
        cursor.execute(
            "INSERT INTO leads_signalday (lead_id, signal_id, day, n) "
            # A big prime mixes the ids, so that busy leads do not stand side by side.
            "SELECT %(first)s + (busy::bigint * 7368787) %% %(leads)s, signal, day, SUM(n) FROM ("
            f" SELECT floor(power(random(), {SKEW}) * %(active)s) AS busy, (%(signals)s::bigint[])"
            " [width_bucket(random(), %(bounds)s::float8[]) + 1] AS signal,"
            " %(today)s::date - %(newest)s - floor(random() * %(length)s)::int AS day,"
            " 1 + floor(power(random(), 3) * 6)::int AS n FROM generate_series(1, %(count)s)"
            ") AS drawn GROUP BY 1, 2, 3 ORDER BY day",
            given
            | {"newest": newest, "length": oldest - newest}
            | {"count": round(touchpoints / TOUCHES_A_ROW * part)},
        )


def _score(cursor, definition, now):
    """Write the scores as a finished pass leaves them; who passes is an MQL already."""
    sql, params = statement.everybody(definition.compiled, today=now.date())
    columns = ", ".join(["lead_id", *statement.TOTALS])
    with _without_indexes(cursor, "leads_score"):
        cursor.execute(
            f"INSERT INTO leads_score ({columns}, definition_id, scored_at) "
            f"SELECT {columns}, %s, %s FROM ({sql}) AS scored ORDER BY lead_id",
            [definition.pk, now, *params],
        )
    cursor.execute(
        "UPDATE leads_lead SET stage_id = 'mql' FROM leads_score AS s "
        "WHERE s.lead_id = id AND (s.qualifies OR s.borderline)"
    )
    Rescoring.objects.create(
        definition=definition,
        cause=Rescoring.Cause.PUBLISHED,
        state=Rescoring.State.FINISHED,
        total=Lead.objects.count(),
        started_at=now,
        ended_at=now,
    )


@contextmanager
def _without_indexes(cursor, table):
    """Take away the indexes and foreign keys while rows are loaded, and put them back: much faster.

    A key that other tables point to stays.
    """
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint AS c "
        "WHERE conrelid = %s::regclass AND contype IN ('p', 'f') AND NOT (contype = 'p' AND EXISTS "
        "(SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.confrelid = c.conrelid)) "
        "ORDER BY contype DESC",
        [table],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = %s::regclass AND NOT EXISTS "
        "(SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, made in indexes:
        cursor.execute(made)
    for name, made in constraints:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {made}")
