"""The examples of a definition, judged by the statement that scores real leads."""

from datetime import timedelta

from leads.conditions import facts, registry
from leads.conditions.registry import Type
from leads.models import Signal

PASS = "pass"
REMEMBERED = 365  # days of behaviour that a snapshot of a lead holds


def judged(form, *, today):
    """Return `(example, result, green)` for every example of a compiled definition.

    `result` is what `explain` says of the described lead; `green` whether the verdict is the
    expected one. A lead in the borderline band does not pass.
    """
    found = form.get("examples") or []
    if not found:
        return []
    from leads.scoring import what_if

    with registry.read_once():
        ids = Signal.objects.ids_by_key()
        leads = [imagined(example["facts"], ids, today=today) for example in found]
    results = what_if.judge(form, leads, today=today)
    return [
        (example, result, result["qualifies"] == (example["expected"] == PASS))
        for example, result in zip(found, results, strict=True)
    ]


def red(form, *, today):
    """Return the names of the examples with which the definition disagrees."""
    return [example["name"] for example, _, green in judged(form, today=today) if not green]


def imagined(said, signals, *, today):
    """Return the lead that these facts describe, as of this UTC day.

    `signals` are `Signal.objects.ids_by_key()`. A form counts one revision of a signal; what
    somebody is said to have done shows them all.
    """
    known = facts.fields()
    lead: dict = {"attributes": {}}
    company: dict = {"attributes": {}}
    for key, value in said.get("fields", {}).items():
        if key in known:  # a field that has gone is unknown
            _put(known[key].path, value, lead, company)
    days = [
        (
            signal,
            today - timedelta(days=did["days_ago"]),
            *(did.get(name, 0) for name in ("times", "seconds", "visits")),
        )
        for did in said.get("did", ())
        for signal in signals.get(did["signal"], ())
    ]
    has_company = len(company) > 1 or company["attributes"]
    from leads.scoring import what_if

    return what_if.Imagined(lead=lead, company=company if has_company else None, days=days)


def facts_of(lead, *, today):
    """Return a real lead as facts: by a definition that asks for these it scores the same.

    Taken are the attributes that an example can have and the behaviour of the last year, day by
    day. Of the e-mail address only the domain is kept: everybody reads a published example, and
    nobody could erase the person from it.
    """
    known = {key: _known(field, lead) for key, field in facts.fields().items()}
    if lead.email:
        known["email"] = f"someone@{lead.email.rpartition('@')[2]}"
    since = today - timedelta(days=REMEMBERED)
    days = lead.signal_days.filter(day__gt=since, day__lte=today, signal__is_current=True)
    return {
        "fields": {key: value for key, value in known.items() if value not in (None, "", [])},
        "did": [
            {"signal": signal, **portion, "days_ago": (today - day).days}
            for signal, day, *counted in days.order_by("-day", "signal__key").values_list(
                "signal__key", "day", "n", "seconds", "visits"
            )
            for portion in _portions(*counted)
        ],
    }


def _known(field, lead):
    """What is stored at a field's path, as a fact holds it."""
    found = lead
    for step in field.path.split("__"):
        found = found.get(step) if isinstance(found, dict) else getattr(found, step, None)
    if field.type == Type.DATE and found:
        return found.isoformat() if hasattr(found, "isoformat") else found
    return found


def _portions(n, seconds, visits):
    """A day's touchpoints in numbers that one fact may have; those of one day add up."""
    while n > 0:
        most = {"seconds": (seconds, facts.MOST_SECONDS), "visits": (visits, facts.MOST_TIMES)}
        more = {name: min(left, limit) for name, (left, limit) in most.items() if left > 0}
        yield {"times": min(n, facts.MOST_TIMES), **more}
        n -= facts.MOST_TIMES
        seconds -= facts.MOST_SECONDS
        visits -= facts.MOST_TIMES


def _put(path, value, lead, company):
    of_company = path.startswith("company__")
    row, name = (company, path.removeprefix("company__")) if of_company else (lead, path)
    if name.startswith("attributes__"):
        row["attributes"][name.removeprefix("attributes__")] = value
    else:
        row[name] = value
