"""A rule set in plain English, and what is different between two of them."""

from leads.conditions import words
from leads.differences import compared, moved
from routing.deciding import NO_LIMITS
from routing.models import Rule

Target, Method = Rule.Target, Rule.Method
FIRST_FITS = "Tried in this order; the first that fits decides"


def in_words(form):
    """Return a compiled rule set as `(heading, [sentence, ...])` pairs."""
    found = [(FIRST_FITS, [sentence(rule) for rule in form["rules"]])]
    territories = _territories(form)
    if territories:
        found.append(("Territories, the first that holds counts", list(territories.values())))
    return found


def differences(old, new):
    """Return what `new` does differently from `old`, as `(word, sentence)` pairs.

    The words are added, removed, changed and moved. Rules are told apart by their labels.
    """
    found = []
    for rows in (_rules, _territories):
        before, after = rows(old), rows(new)
        found += [*compared(before, after), *moved(before, after, name=lambda key: key[0])]
    return found


def sentence(rule):
    """Return one compiled rule in plain English."""
    return f"{rule['label']}: {words.sentence(rule['when'])}. {', '.join(_to(rule))}.{_else(rule)}"


def _to(rule):
    target, method = rule.get("target", Target.POOL), Method(rule["method"]).label.lower()
    if target == Target.POOL:
        yield f"{rule['pool_name']}, {method}"
    elif target == Target.REP:
        yield f"To {rule['rep_name']}"
    elif target == Target.TERRITORY:
        yield f"To whoever has the territory, in its pool: {method}"
    else:
        label = Target(target).label
        yield f"To {label[:1].lower()}{label[1:]}"
    yield from _limits(rule.get("limits", NO_LIMITS))


def _limits(limits):
    if limits["open"] is not None:
        yield f"at most {limits['open']} open leads each"
    if limits["daily"] is not None:
        yield f"at most {limits['daily']} leads a day each"
    if limits["hours"]:
        yield "only in working hours"
    if limits["language"]:
        yield "only who speaks the lead's language"
    if limits["skills"]:
        yield f"only who knows {' and '.join(limits['skills'])}"


def _else(rule):
    if rule.get("otherwise") == Rule.Otherwise.NEXT:
        return " When nobody can, the next rule is tried."
    if rule.get("target", Target.POOL) in (Target.POOL, Target.TERRITORY):
        return ""
    return f" When they cannot, it waits in {rule['pool_name']}."


def _rules(form):
    """The rules in words by label; of two that share it, the second counts as another."""
    found: dict = {}
    for rule in form["rules"]:
        key: tuple = (rule["label"],)
        while key in found:
            key = (*key, "again")
        found[key] = sentence(rule)
    return found


def _territories(form):
    return {
        (one["name"],): _territory(one)
        for rule in form["rules"]
        for one in rule.get("territories", ())
    }


def _territory(one):
    people = [one["primary_name"], one["backup_name"], one["pool_name"]]
    to = ", else ".join(filter(None, people))
    return f"{one['name']}: {words.sentence(one['when'])}. {to}."
