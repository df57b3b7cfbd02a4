"""The examples of a definition, by name."""

from typing import Any

from leads.conditions import facts
from leads.conditions.registry import Type
from leads.configuration import terms
from leads.configuration.columns import Columns
from leads.configuration.reading import Unreadable
from leads.configuration.writing import Inline, Line
from leads.models import Example
from leads.text import fold, hint

MOST = 200
DID = ("signal", "times", "seconds", "visits", "days_ago")
_COLUMNS = Columns(Example, {"expected": "expected", "why": "why"})


def of_row(example, sayable):
    """Return what the file says of an example; `sayable` are the fields by key."""
    found = _COLUMNS.written(example)
    said = {
        key: _typed(sayable.get(key), value)
        for key, value in sorted(example.facts.get("fields", {}).items())
    }
    did = [
        Line({key: one[key] for key in DID if key in one}) for one in example.facts.get("did", ())
    ]
    return found | ({"fields": said} if said else {}) | ({"did": did} if did else {})


def _typed(field, value):
    if isinstance(value, list):
        return Inline(value)
    try:
        return terms.typed(field.type, value) if field else value
    except ValueError:
        return value


def load(node, draft, run):
    """Give the draft the examples of the node."""
    for name, below in run.reader.mapping(node, most=MOST).items():
        given = run.reader.keys(below, ("expected", "why", "fields", "did"), needed=["expected"])
        columns, unread = _COLUMNS.read(run.reader, given)
        said = {"fields": _fields(given.get("fields"), run), "did": _did(given.get("did"), run)}
        example = Example(definition=draft, name=name, facts=said, **columns)
        if run.reader.check(below, example, _COLUMNS.places, unread=unread):
            example.save()


def _fields(node, run):
    sayable = facts.fields()
    found: dict = {}
    for key, one in run.reader.mapping(node).items():
        if run.is_broken_field(key):
            continue
        try:
            found |= _one_field(key, one, sayable, run)
        except facts.BadFact as error:
            run.reader.complain(one, f"{error}{'' if key in sayable else hint(key, sayable)}")
        except Unreadable:
            continue
    return found


def _one_field(key, node, sayable, run):
    field = sayable.get(key)
    value: Any
    if field is not None and isinstance(node.value, list):
        value = [fold(run.reader.text(one)) for one in node.value]
    elif field is not None and field.type == Type.YES_NO:
        value = run.reader.yes_no(node)
    else:
        said = fold(run.reader.text(node))
        value = facts.value_of(field, said) if field else said
    facts.check({"fields": {key: value}})
    return {key: value}


def _did(node, run):
    found = []
    for one in run.reader.rows(node):
        given = run.reader.keys(one, DID, needed=["signal"])
        try:
            did = {
                "signal": run.find("signals", given["signal"]).key if "signal" in given else "",
                "times": run.reader.number(given["times"]) if "times" in given else 1,
                "days_ago": run.reader.number(given["days_ago"]) if "days_ago" in given else 0,
            } | {
                name: run.reader.number(given[name])
                for name in ("seconds", "visits")
                if name in given
            }
            if "signal" in given:
                facts.check({"did": [did]})
                found.append(did)
        except facts.BadFact as error:
            run.reader.complain(one, str(error))
        except Unreadable:
            continue
    return found
