"""What tells one definition from another, as a form of its own that is quicker to evaluate.

Where the scores are written by the old definition, the new one's totals are those scores, less
what the parts give that are gone, plus what the parts give that came. An edit of one rule then
costs one rule and not all of them.
"""

import json
from collections import Counter
from itertools import count

AXES = ("fit", "interest")
FLAGS = ("do_not_pass", "fast_track")
# Said of a rule or group, without a bearing on what it gives.
_NAMES = ("id", "label", "group", "group_name", "name")


def delta(old, new):
    """Return a form that makes `new`'s totals out of the scores that `old` wrote, or None.

    None where that is as much work as evaluating `new`. `statement` knows the form by its `kept`:
    the flags that no edited rule decides, which are read like the scores.
    """
    form: dict = {"rules": [], "groups": [], "kept": []}
    form |= {name: new.get(name) for name in ("thresholds", "tiers", "borderline")}
    numbers = count(1)
    before, after = _parts(old), _parts(new)
    for found, instead_of, prefix in ((before, after, "less_"), (after, before, "")):
        for part, times in (Counter(found) - Counter(instead_of)).items():
            for _ in range(times):
                _add(form, part, prefix, numbers)
    for flag in FLAGS:
        if Counter(_of_kind(old, flag)) == Counter(_of_kind(new, flag)):
            form["kept"].append(flag)
        else:
            for rule in _of_kind(new, flag):
                _add(form, (flag, None, (rule,)), "", numbers)
    return form if len(form["rules"]) < len(new["rules"]) else None


def _parts(form):
    """The parts that add up to the axes: `(kind, cap of the group, contents of its rules)`."""
    groups = {(group["id"], group["kind"]): group["cap"] for group in form.get("groups", ())}
    parts: list = []
    together: dict = {}
    for rule in form["rules"]:
        if rule["kind"] in AXES:
            place = (rule.get("group"), rule["kind"])
            if place in groups:
                together.setdefault(place, []).append(_content(rule))
            else:
                parts.append((rule["kind"], None, (_content(rule),)))
    for place, rules in together.items():
        parts.append((place[1], groups[place], tuple(sorted(rules))))
    return parts


def _of_kind(form, kind):
    return [_content(rule) for rule in form["rules"] if rule["kind"] == kind]


def _content(rule):
    return json.dumps({k: v for k, v in rule.items() if k not in _NAMES}, sort_keys=True)


def _add(form, part, prefix, numbers):
    """Add one part's rules to the form, as a kind of its own and under new numbers."""
    kind, cap, contents = part
    group = None if cap is None else next(numbers)
    if group is not None:
        form["groups"].append({"id": group, "kind": prefix + kind, "cap": cap})
    for content in contents:
        named = {"id": next(numbers), "kind": prefix + kind, "group": group}
        form["rules"].append(json.loads(content) | named)
