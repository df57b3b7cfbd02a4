"""What is said of a lead that exists on paper only: an example of a definition.

Facts are `{"fields": {key: value}, "did": [{"signal", "times", "days_ago"}]}`: values by the
registry's keys, and how often the signal of this key was shown so many days ago; where it is said,
for how many `seconds` in how many `visits`. People type them one a line, "Company employees: 800"
or "Pricing page viewed: 2 times, 90 seconds, 1 visit, 3 days ago".
"""

import re
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError

from leads.conditions import registry, terms
from leads.conditions.registry import CUSTOM, Type
from leads.text import fold, storable

LONGEST_AGO = 730  # days
MOST_TIMES = 1000
LONGEST_SHOWN = 80  # characters of a value in a message
MOST_DID = 200  # lines on what one example did
MOST_SECONDS = 86_400  # of one day
_DID = re.compile(
    r"(\d{1,6})(?: times?)?(?:,? (\d{1,6}) seconds?)?(?:,? (\d{1,6}) visits?)?"
    r"(?:,? (?:(\d{1,6}) days? ago|today))?\Z",
    re.IGNORECASE,
)
_NEEDED, _MORE = {"signal", "times", "days_ago"}, ("seconds", "visits")
_ELSEWHERE = ("campaign__", "stage__", "score__", "company__parent__")
_NOT_SAID = ("status",)


class BadFact(ValueError):
    """A line that cannot be read as a fact; the message names it."""


def fields():
    """Return `{key: Field}` of all that can be said of an imagined lead."""
    found = {key: registry.find(key) for key, _ in registry.choices()}
    return {
        key: field
        for key, field in found.items()
        if field.type != Type.BEHAVIOUR
        and not field.path.startswith(_ELSEWHERE)
        and field.path not in _NOT_SAID
    }


def parse(text):
    """Return the facts that a person typed. Raise BadFact for the first line that is none."""
    sayable, signals = fields(), registry.signals()
    by_name = {
        name.casefold(): key for key, field in sayable.items() for name in (key, field.label)
    }
    did_name = {name.casefold(): key for key, label in signals.items() for name in (key, label)}
    facts: dict = {"fields": {}, "did": []}
    for line in filter(None, map(fold, text.splitlines())):
        name, colon, said = (part.strip() for part in line.partition(":"))
        if not colon or not said:
            raise BadFact(f"“{_short(line)}”: write a name, a colon and a value.")
        if name.casefold() in by_name:
            key = by_name[name.casefold()]
            facts["fields"][key] = value_of(sayable[key], said)
        elif name.casefold() in did_name:
            facts["did"].append({"signal": did_name[name.casefold()], **_did(line, said)})
        else:
            raise BadFact(f"“{_short(name)}” is no field and no signal.")
    check(facts)
    return facts


def lines(facts):
    """Return the facts as `parse` reads them, one line each, with the names that people know."""
    sayable, signals = fields(), registry.signals()
    found = []
    for key, value in facts.get("fields", {}).items():
        label = sayable[key].label if key in sayable else key
        shown = terms.joined(value) if isinstance(value, list) else value
        shown = {True: "yes", False: "no"}.get(shown, shown) if isinstance(shown, bool) else shown
        found.append(f"{label}: {shown}")
    for did in facts.get("did", ()):
        said = [f"{n} {what[:-1] if n == 1 else what}" for what, n in _amounts(did)]
        ago = did["days_ago"]
        when = "today" if ago == 0 else f"{ago} day{'' if ago == 1 else 's'} ago"
        found.append(f"{signals.get(did['signal'], did['signal'])}: {', '.join([*said, when])}")
    return found


def _amounts(did):
    return [(what, did[what]) for what in ("times", *_MORE) if what in did]


def check(facts):
    """Raise BadFact unless these are facts as this module describes them."""
    if not isinstance(facts, dict) or set(facts) - {"fields", "did"}:
        raise BadFact("Facts have “fields” and “did”.")
    sayable, signals = fields(), registry.signals()
    for key, value in facts.get("fields", {}).items():
        if key not in sayable:
            raise BadFact(f"“{key}” is no field that can be said of an example.")
        _check_value(sayable[key], value)
    if len(facts.get("did", ())) > MOST_DID:
        raise BadFact(f"An example says at most {MOST_DID} times what the lead did.")
    for did in facts.get("did", ()):
        _check_did(did, signals)


def _check_value(field, value):
    fits = {
        Type.NUMBER: lambda: isinstance(value, int | float) and not isinstance(value, bool),
        Type.YES_NO: lambda: isinstance(value, bool),
        Type.MANY: lambda: isinstance(value, list) and all(map(_is_text, value)),
    }.get(field.type, lambda: _is_text(value))
    if not fits():
        raise BadFact(f"{field.label} cannot be “{_short(value)}”.")
    try:
        # A condition's value and a fact are read alike: numbers, dates and their bounds.
        if field.type in (Type.NUMBER, Type.DATE):
            terms.parse_value(field.type, "is", str(value))
        _check_room(field, value)
    except terms.BadCondition as error:
        raise BadFact(f"{field.label}: {error}") from None
    except ValidationError as error:
        raise BadFact(f"{field.label}: {' '.join(error.messages)}") from None


def _check_room(field, value):
    """Raise ValidationError for what no real lead could have, because its column has no room."""
    if field.key.startswith(CUSTOM):
        registry.custom(field.key).read(value)
        return
    *steps, name = field.path.split("__")
    model: Any = apps.get_model("leads", "Lead")
    for step in steps:
        model = model._meta.get_field(step).related_model
    if isinstance(value, float):
        raise ValidationError("Give a whole number.")
    model._meta.get_field(name).clean(value, None)


def _is_text(value):
    return isinstance(value, str) and storable(value)


def _short(value):
    text = str(value).replace("\x00", "␀").encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _check_did(did, signals):
    if not isinstance(did, dict) or set(did) - set(_MORE) != _NEEDED:
        raise BadFact("What a lead did has “signal”, “times” and “days_ago”.")
    if did["signal"] not in signals:
        raise BadFact(f"There is no signal “{did['signal']}”.")
    bounds = (
        ("times", 1, MOST_TIMES),
        ("seconds", 0, MOST_SECONDS),
        ("visits", 0, MOST_TIMES),
        ("days_ago", 0, LONGEST_AGO),
    )
    for name, least, most in bounds:
        count = did.get(name, least)
        if not isinstance(count, int) or isinstance(count, bool) or not least <= count <= most:
            raise BadFact(f"“{name}” is a whole number from {least} to {most}.")


def value_of(field, said):
    """Return the value that a person typed for a field. Raise BadFact where it is none."""
    try:
        operator = "has_any" if field.type == Type.MANY else "is"
        return terms.parse_value(field.type, operator, said)
    except terms.BadCondition as error:
        raise BadFact(f"{field.label}: {error}") from None


def _did(line, said):
    found = _DID.fullmatch(said)
    if not found:
        raise BadFact(f"“{_short(line)}”: write, for example, “2 times, 3 days ago”.")
    times, seconds, visits, ago = found.groups()
    more = {"seconds": seconds, "visits": visits}
    said = {name: int(n) for name, n in more.items() if n is not None}
    return {"times": int(times), **said, "days_ago": int(ago or 0)}
