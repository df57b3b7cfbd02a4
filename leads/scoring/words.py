"""A definition in plain English, and what is different between two of them."""

from leads.conditions import facts
from leads.differences import compared, moved
from leads.models import MQLDefinition, Score
from leads.scoring.explain import sentence

HEADINGS = {
    "do_not_pass": "Never passed on",
    "fast_track": "Passed on at once",
    "fit": "Fit: who they are",
    "interest": "Interest: what they did",
}


def in_words(form):
    """Return a compiled definition as `(heading, [sentence, ...])` pairs, in reading order."""
    agreed = [said(form) for said in AGREED[:-1]]
    found = [("Handed over", [line for line in agreed if line]), ("Tiers", [_tiers(form)])]
    groups = [_group(group) for group in form.get("groups", ())]
    if groups:
        found.append(("Groups", groups))
    for kind, heading in HEADINGS.items():
        rules = [_rule(rule) for rule in form["rules"] if rule["kind"] == kind]
        if rules:
            found.append((heading, rules))
    for heading, named in (("Buckets", _buckets(form)), ("Examples", _examples(form))):
        if named:
            found.append((heading, list(named.values())))
    return found


def differences(old, new):
    """Return what `new` does differently from `old`, as `(word, sentence)` pairs.

    The words are added, removed, changed and moved. Rules are told apart by kind and label; one
    that only stands elsewhere among the rules of both has moved.
    """
    found = []
    for said in AGREED:
        if said(old) != said(new):
            found.append(("changed", f"{said(old) or 'Nothing.'} Now: {said(new) or 'nothing.'}"))
    found += compared(_by_key(old, _group), _by_key(new, _group))
    before, after = _rules(old), _rules(new)
    found += [*compared(before, after), *moved(before, after, name=lambda key: key[1])]
    for named in (_buckets, _examples):
        found += compared(named(old), named(new))
    return found


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


def _decider(form):
    if form.get("decider") == MQLDefinition.Decider.MARKETER:
        return "A marketer confirms each lead that no fast track passes."
    return "Decided by the definition itself, at once." if form.get("decider") else ""


def _borderline(form):
    band = form.get("borderline")
    return f"Up to {band} points below a threshold, a marketer is asked." if band else ""


def _needed(form):
    names = ", ".join(one["label"] for one in form.get("needed") or ())
    if not names:
        return ""
    then = MQLDefinition.Missing(form["if_missing"]).label
    return f"Sales needs to know: {names}. If one is missing: {then[:1].lower()}{then[1:]}."


def _rejects(form):
    rejects = form.get("rejects") or {}
    track, days = rejects.get("track"), rejects.get("cool_down_days")
    if not track or not days:
        return ""
    return (
        f"Leads that are declined or sent back go to “{track}”. After {days} days a marketer may "
        "be asked about a declined one again."
    )


def _buckets(form):
    return {
        ("bucket", bucket): f"{Score.Bucket(bucket).label}. Do: {said['do']} Do not: {said['dont']}"
        for bucket, said in (form.get("buckets") or {}).items()
    }


def _examples(form):
    return {
        ("example", example["name"]): _example(example) for example in form.get("examples") or ()
    }


def _example(example):
    verdict = "must pass" if example["expected"] == "pass" else "must not pass"
    said = "; ".join(facts.lines(example["facts"])) or "nothing is known"
    return f"{example['name']} {verdict}: {said}.{' ' + example['why'] if example['why'] else ''}"


def _tiers(form):
    tiers = form["tiers"]
    return f"A from {tiers['A']} points, B from {tiers['B']}, C from {tiers['C']}, D below."


# What a version says about itself in one sentence each; the last one stands apart when it is read.
AGREED = (_thresholds, _decider, _borderline, _needed, _rejects, _tiers)
