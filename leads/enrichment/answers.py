"""What a provider's answer says, by its mapping, and what of it is learned."""

from django.core.exceptions import ValidationError as Invalid
from rest_framework.exceptions import ValidationError

from leads.conditions.registry import CUSTOM
from leads.imports.cells import NotAValue, sent_number
from leads.imports.targets import COMPANY, COMPANY_TARGETS, FIRST, LAST, LEAD_TARGETS, reader_of
from leads.intake.companies import company_of
from leads.models import Company, CustomField, FieldValue, Pending
from leads.text import storable

# A provider knows who people are. What they want, and where they came from, is not its to say.
PEOPLE = {
    name: LEAD_TARGETS[name]
    for name in (
        *("name", FIRST, LAST, "phone", "job_title", "seniority", "department"),
        *("country", "region", "language", "postal_code"),
    )
}
COMPANIES = {name: label for name, label in COMPANY_TARGETS.items() if "relationship" not in name}
DEEPEST = 12  # steps of a path


def targets(about):
    """Return what a mapping may fill in, as `{target: label}`."""
    on = {"person": ("lead", "company"), "company": ("company",)}[about]
    custom = {
        f"{CUSTOM}{row.key}": row.label
        for row in CustomField.objects.filter(is_active=True, on__in=on)
    }
    return (PEOPLE if about == "person" else {}) | COMPANIES | custom


def at_path(answer, path):
    """Return what stands in the JSON at a path such as `person.jobs.0.title`, or None."""
    for step in path.split(".")[:DEEPEST]:
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def read(provider, answer):
    """Return `(values, problems)` of an answer, both by target.

    Values are read as an import's cells are; what cannot be read is a problem and no value.
    """
    custom = {row.key: row for row in CustomField.objects.filter(is_active=True)}
    values, problems = {}, {}
    known = targets(provider.about)
    for target, path in provider.mapping.items():
        text = _text(at_path(answer, path))
        if not text:
            continue
        if target not in known:
            problems[target] = "This field is not there any more."
            continue
        try:
            if not storable(text):
                raise NotAValue("Holds a null character or half a character.")
            values[target] = reader_of(target, order="", custom=custom, number=sent_number)(text)
        except NotAValue as error:
            problems[target] = str(error)
        except Invalid as error:
            problems[target] = " ".join(error.messages)
        except ValidationError as error:
            problems[target] = " ".join(str(one) for one in error.detail)
    return values, problems


def _text(value):
    """A value of JSON as an import's cell would hold it; what is no plain value is empty."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, list):
        return "; ".join(one.strip() for one in value if isinstance(one, str))
    return value.strip() if isinstance(value, str) else ""


def learn(provider, lead, company, values, *, now):
    """Learn the values about the locked lead or company; return the sorted names that changed.

    Only what nobody but a provider has said is filled in. A lead without a company gets the one
    that the answer names. Whoever is concerned is scored anew.
    """
    custom = {row.key: row.on for row in CustomField.objects.all()}
    said: dict[str, dict] = {"lead": {}, "company": {}}
    for target, value in values.items():
        if target.startswith(CUSTOM):
            said[custom[target.removeprefix(CUSTOM)]][target] = value
        elif target.startswith(COMPANY):
            said["company"][target.removeprefix(COMPANY)] = value
        else:
            said["lead"][target] = value
    changed = set()
    if lead is not None:
        parts = [said["lead"].pop(FIRST, ""), said["lead"].pop(LAST, "")]
        if any(parts):
            said["lead"].setdefault("name", " ".join(part for part in parts if part))
        company = _company_of(lead, said, provider, now=now)
        changed |= _fill(lead, said["lead"], provider, now=now)
    if company is not None:
        filled = _fill(company, said["company"], provider, now=now)
        changed |= {name if name.startswith(CUSTOM) else f"{COMPANY}{name}" for name in filled}
    if lead is not None and changed:
        Pending.objects.create(lead=lead)
        names = ", ".join(sorted(changed))
        lead.record("leads.enriched", now=now, cause=f"{provider} knew: {names}")
    return sorted(changed)


def _company_of(lead, said, provider, *, now):
    """Return the lead's company, locked; or the one that the answer names, where we knew none."""
    if lead.company_id:
        return Company.objects.select_for_update(no_key=True).get(pk=lead.company_id)
    named = {name: said["company"][name] for name in ("domain", "name") if name in said["company"]}
    key = {"domain": named["domain"]} if "domain" in named else named
    if not key:
        return None
    company = company_of(key, lead=lead, source=provider.source, now=now)
    said["lead"]["company"] = company
    return company


def _fill(row, said, provider, *, now):
    """Learn what is unknown, or was known from a provider alone; return the names."""
    owner = row._meta.model_name
    kept = (
        FieldValue.objects.filter(**{owner: row}, field__in=list(said), is_derived=False)
        .order_by("field", "-known_at", "-pk")
        .distinct("field")
        .values_list("field", "source__enrichment_provider")
    )
    whose = dict(kept)
    open_to = {
        name: value
        for name, value in said.items()
        if whose.get(name) or (name not in whose and row.is_gap(name))
    }
    return row.learn(open_to, now=now, source=provider.source)
