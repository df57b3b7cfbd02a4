"""Which company somebody works for, and which one stands above it."""

import re

from django.db import connection
from django.utils import timezone

from leads import bulk
from leads.intake.addresses import company_domain
from leads.models import Company, Lead, Pending
from leads.models.field_value import remember, store_changed
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
# Leads that may have an address below a domain, which is turned round here as in the index; the
# order is that of characters, where a slash follows the dot.
_WITHOUT_COMPANY = (
    "SELECT lead.id, said FROM unnest(%s::text[]) AS said JOIN leads_lead lead "
    "ON reverse(lower(split_part(lead.email, '@', 2))) ~>=~ said "
    "AND reverse(lower(split_part(lead.email, '@', 2))) ~<~ (said || '/') "
    "AND lead.company_id IS NULL AND lead.merged_into_id IS NULL"
)
# A bare domain: no spaces, a dot, and letters after the last one.
_DOMAIN = re.compile(r"[^\s.@/]+(\.[^\s.@/]+)*\.[^\W\d_]{2,}\Z")


def key_of(said, email):
    """Return the (domain, name) by which a person's company is known, or None: it is unknown.

    The one rule for every door. The domain that was said counts, else the e-mail address's unless
    it is a free or disposable one, else the name that was said. A domain is the registrable one:
    `mail.acme.co.uk` is `acme.co.uk`. Names are the same in whatever case and white space; a
    legal form is a part of the name, for Acme GmbH and Acme Inc. are two companies until one
    domain says otherwise. Of several companies of one name the oldest is meant.
    """
    domain = company_domain(said.get("domain", "")) or company_domain(email)
    name = said.get("name", "")
    return (domain, name) if domain or name else None


def learnable(company, said, key, *, named=False):
    """Return what of the values said of it the company shall learn, found by its `key_of`.

    Its domain is how it was found. Where an address alone led to it, the name counts only while it
    has none (`named` says that it got one meanwhile): somebody who writes from this domain may have
    said the name of a client.
    """
    values = {name: value for name, value in said.items() if name not in ("domain", "parent")}
    named = named or not company.is_gap("name")
    if named and key[0] and not company_domain(said.get("domain", "")):
        values.pop("name", None)
    return values


def company_of(data, *, lead, source, now):
    """Return the company of a lead, made if it is new, or None.

    `data` is a validated `CompanyShape`, or None where nothing was said of it: then the address
    tells it, unless something else is known.
    """
    key = key_of(data or {}, lead.email)
    if key is None or (not data and lead.company_id):
        return None
    company = _found_or_made(_locked(), key, source=source, now=now, but=lead)
    learn_about(company, data or {}, key=key, source=source, now=now)
    return company


def company_told(data, *, source, now):
    """Return the company that `data`, a validated `CompanyShape`, tells of by itself, or None.

    None where it has no name, and a domain that is no company's.
    """
    key = key_of(data, "")
    if key is None:
        return None
    company = _found_or_made(_locked(), key, source=source, now=now)
    learn_about(company, data, key=key, source=source, now=now)
    return company


def learn_about(company, data, *, source, now, key=("", "")):
    """Take over what `data` says of a company whose row is locked, found by this `key_of`."""
    said = learnable(company, data, key)
    company.learn(said.pop("custom", {}) | said, now=now, source=source)
    if data.get("parent"):
        _learn_parent(company, data["parent"], source=source, now=now)


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


def _found_or_made(companies, key, *, source, now, but=None):
    found = companies.filter(pk__in=ids_of([key]).values()).first()
    if found is None:
        made = make([key], source=source, now=now, but=[but.pk] if but else [])
        found = companies.get(pk__in=(ids_of([key]) if key[0] else made).values())
    return found


def make(keys, *, source, now, but=()):
    """Make a company for each of these keys, (domain, name), in their order; return `{key: id}`.

    A domain for which somebody else has made one meanwhile is left out: `ids_of` finds it. Leads
    whose company was unknown join those of their domain, save the leads `but`, which the caller
    is about to tell themselves.
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
    _join(made.values(), but, source=source, now=now)
    return made


def _join(companies, but, *, source, now):
    """Give these new companies the leads of their domains that had none."""
    made = {one.domain: one for one in Company.objects.filter(pk__in=list(companies)) if one.domain}
    turned = [domain[::-1] for domain in made]
    ids = set(_pairs(_WITHOUT_COMPANY, turned)) - set(but)
    if not ids:
        return
    locked = Lead.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    told = []
    for lead in locked.filter(pk__in=ids, company=None):
        company = made.get(company_domain(lead.email))
        if company:
            lead.take({"company": company})
            told.append((lead, {"company": company}))
    store_changed([lead for lead, _ in told], {"company"}, now=now)
    remember(told, now=now, source=source, observed_at=now)
    Pending.objects.bulk_create(Pending(lead=lead) for lead, _ in told)


def _learn_parent(company, said, *, source, now):
    """Put the company below the one that `said` names by its domain, else by its name.

    A parent that is the company itself, or stands below it, changes nothing: senders name the top
    of a group as its own parent, and no lead is lost for it.
    """
    text = fold(said)
    domain = company_domain(text) if _DOMAIN.match(text.rstrip(".")) else ""
    parent = _found_or_made(Company.objects.all(), (domain, text), source=source, now=now)
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
