"""Which company somebody works for, and which one stands above it."""

import re

from django.db import connection
from django.utils import timezone

from leads import bulk
from leads.models import Company
from leads.text import fold

# By the expressions of the indexes: other ways to ignore case differ for some letters.
_BY_DOMAIN = (
    "SELECT said, company.id FROM unnest(%s::text[]) AS said JOIN leads_company company "
    "ON LOWER(company.domain) = LOWER(said) AND company.domain <> ''"
)
_BY_NAME = (
    "SELECT said, MIN(company.id) FROM unnest(%s::text[]) AS said "
    "JOIN leads_company company ON UPPER(company.name) = UPPER(said) GROUP BY said"
)
# A bare domain: no spaces, a dot, and letters after the last one.
_DOMAIN = re.compile(r"[^\s.@/]+(\.[^\s.@/]+)*\.[^\W\d_]{2,}\Z")


def company_of(data, *, source, now):
    """Return the company that `data` (a validated `CompanyShape`) names, made if it is new.

    Matched by domain if one is given, else by name without regard to case (the oldest wins).
    """
    if not data:
        return None
    company = _found_or_made(_locked(), data.get("domain", ""), data.get("name", ""))
    left_out = ("domain", "parent", "custom")
    said = {name: value for name, value in data.items() if name not in left_out}
    company.learn({**said, **data.get("custom", {})}, now=now, source=source)
    if data.get("parent"):
        _learn_parent(company, data["parent"], source=source, now=now)
    return company


def _locked():
    return Company.objects.select_for_update(no_key=True)


def ids_of(keys):
    """Return `{key: id}` of the companies that these keys, (domain, name), mean; those there are.

    A company is known by its domain if the key has one, else by its name without regard to case:
    the oldest of that name.
    """
    domains = sorted({domain for domain, _ in keys if domain})
    names = sorted({fold(name) for domain, name in keys if not domain})
    by_domain = _pairs(_BY_DOMAIN, domains)
    by_name = _pairs(_BY_NAME, names)
    found = {
        (domain, name): by_domain.get(domain) if domain else by_name.get(fold(name))
        for domain, name in keys
    }
    return {key: pk for key, pk in found.items() if pk}


def capitals(names):
    """Return `{name: name in capital letters}`, as names are compared in the database."""
    return _pairs("SELECT said, UPPER(said) FROM unnest(%s::text[]) AS said", sorted(set(names)))


def _pairs(sql, said):
    if not said:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [said])
        return dict(cursor.fetchall())


def _found_or_made(companies, domain, name):
    key = (domain, name)
    found = companies.filter(pk__in=ids_of([key]).values()).first()
    if found is None:
        made = make([key])
        found = companies.get(pk__in=(ids_of([key]) if domain else made).values())
    return found


def make(keys):
    """Make a company for each of these keys, (domain, name), in their order; return `{key: id}`.

    A domain for which somebody else has made one meanwhile is left out: `ids_of` finds it.
    """
    moment = timezone.now()
    made = dict(zip(keys, bulk.reserve(Company, len(keys)), strict=True))
    bulk.add(
        Company,
        ("id", "domain", "name"),
        ([pk, domain, domain] for (domain, _), pk in made.items()),
        passing_over=True,
        created_at=moment,
        updated_at=moment,
    )
    return made


def _learn_parent(company, said, *, source, now):
    """Put the company below the one that `said` names by its domain, else by its name.

    A parent that is the company itself, or stands below it, changes nothing: senders name the top
    of a group as its own parent, and no lead is lost for it.
    """
    text = fold(said)
    bare = text.lower().removeprefix("www.").rstrip(".")
    domain = bare if _DOMAIN.match(bare) else ""
    parent = _found_or_made(Company.objects.all(), domain, text)
    if parent.pk in (company.pk, company.parent_id):
        return
    if not parent.name:
        parent.learn({"name": text}, now=now, source=source)
    if company.pk not in _chain(parent):
        company.learn({"parent": parent}, now=now, source=source)


def _chain(company):
    """Return the ids of a company and of all above it, locked: nobody closes a circle meanwhile.

    Two that lock each other's chain end in a deadlock, of which intake repeats one.
    """
    found: list = []
    pk = company.pk
    while pk and pk not in found:
        found.append(pk)
        pk = _locked().get(pk=pk).parent_id
    return found
