"""A definition in plain English, and what is different between two of them."""

from leads.scoring.explain import sentence

HEADINGS = {
    "do_not_pass": "Never passed on",
    "fast_track": "Passed on at once",
    "fit": "Fit: who they are",
    "interest": "Interest: what they did",
}


def in_words(form):
    """Return a compiled definition as `(heading, [sentence, ...])` pairs, in reading order."""
    found = [("Handed over", [_thresholds(form)]), ("Tiers", [_tiers(form["tiers"])])]
    groups = [_group(group) for group in form.get("groups", ())]
    if groups:
        found.append(("Groups", groups))
    for kind, heading in HEADINGS.items():
        rules = [_rule(rule) for rule in form["rules"] if rule["kind"] == kind]
        if rules:
            found.append((heading, rules))
    return found


def differences(old, new):
    """Return what `new` does differently from `old`, as `(word, sentence)` pairs.

    The words are added, removed, changed and moved. Rules are told apart by kind and label; one
    that only stands elsewhere among the rules of both has moved.
    """
    found = []
    for said in (_thresholds, lambda form: _tiers(form["tiers"])):
        if said(old) != said(new):
            found.append(("changed", f"{said(old)} Now: {said(new)}"))
    found += _compared(_by_key(old, _group), _by_key(new, _group))
    before, after = _rules(old), _rules(new)
    found += _compared(before, after)
    kept_before = [key for key in before if key in after]
    kept_after = [key for key in after if key in before]
    found += [
        ("moved", f"{after[key]} Now after {_place(kept_after, index, after)}")
        for index, key in enumerate(kept_after)
        if _follows(kept_before, key) != _follows(kept_after, key)
    ]
    return found


def _follows(order, key):
    index = order.index(key)
    return order[index - 1] if index else None


def _place(order, index, rules):
    return f"“{order[index - 1][1]}”." if index else "nothing: it is first."


def _compared(before, after):
    for key, said in before.items():
        if key not in after:
            yield "removed", said
        elif after[key] != said:
            yield "changed", f"{said} Now: {after[key]}"
    for key, said in after.items():
        if key not in before:
            yield "added", said


def _by_key(form, said):
    return {("group", group["name"]): said(group) for group in form.get("groups", ())}


def _rules(form):
    """The rules in words by (kind, label); of two that share both, the second counts as another."""
    found: dict = {}
    for rule in form["rules"]:
        key: tuple = (rule["kind"], rule["label"])
        while key in found:
            key = (*key, "again")
        found[key] = _rule(rule)
    return found


def _rule(rule):
    within = f", within {rule['group_name']}" if rule.get("group_name") else ""
    return f"{rule['label']}. {sentence(rule)}{within}."


def _group(group):
    return f"{group['name']}: at most {group['cap']} points of {group['kind']} together."


def _thresholds(form):
    asked = [
        f"{axis} is at least {points}"
        for axis, points in form["thresholds"].items()
        if points is not None
    ]
    if not asked:
        return "Only by a fast track: no threshold is set."
    return f"When {' and '.join(asked)}, unless a rule says never; at once by a fast track."


def _tiers(tiers):
    return f"A from {tiers['A']} points, B from {tiers['B']}, C from {tiers['C']}, D below."
