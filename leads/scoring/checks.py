"""What is odd in a definition without being wrong. The editor shows it; an import can, too."""

from collections import Counter
from math import inf

from leads.conditions.terms import terms_of
from leads.models.definition import MOST_RULES

AXES = {"fit": "Fit", "interest": "Interest"}
EVERYBODY = {
    "do_not_pass": "keeps every lead back",
    "fast_track": "hands every lead over",
    "fit": "gives its points to every lead",
    "interest": "gives its points to every lead",
}


def warnings(form):
    """Return what is odd in a compiled definition, one sentence each.

    Points are weighed by the most and the least that all rules together could give. Rules may
    exclude each other, so a threshold without a warning may still be out of reach.
    """
    bounds = {axis: _bounds(form, axis) for axis in AXES}
    bounds["total"] = _added(bounds.values())
    found = [_too_many(form), _tiers(form), _borderline(form, bounds)]
    found += [_threshold(form, axis, *bounds[axis]) for axis in bounds]
    found += [_implied(form, bounds)]
    found += [_only_takes(axis, *bounds[axis]) for axis in AXES]
    found += [_out_of_reach(form, *bounds["total"])]
    for rule in form["rules"]:
        found += [_everybody(rule), _pointless(rule), _cut_short(rule)]
    found += [_empty(form, group) for group in form.get("groups", ())]
    found += _namesakes(form)
    return [sentence for sentence in found if sentence]


def _bounds(form, axis):
    """The least and the most points of an axis that any lead could have."""
    groups = {group["id"]: group for group in form.get("groups", ()) if group["kind"] == axis}
    alone: list = []
    together: dict = {key: [] for key in groups}
    for rule in form["rules"]:
        if rule["kind"] == axis:
            together.get(rule.get("group"), alone).append(_bounds_of(rule))
    for key, members in together.items():
        least, most = _added(members)
        alone.append((min(least, groups[key]["cap"]), min(most, groups[key]["cap"])))
    return _added(alone)


def _bounds_of(rule):
    points = rule["points"]
    if rule["type"] == "count":
        cap = inf if rule["cap"] is None else rule["cap"]
        points = cap if points > 0 else -cap if points < 0 else 0
    return min(points, 0), max(points, 0)


def _added(bounds):
    bounds = list(bounds)
    return sum(least for least, _ in bounds), sum(most for _, most in bounds)


def _too_many(form):
    rules = len(form["rules"])
    if rules > MOST_RULES:
        return f"{rules} rules are in force; it can be put up for sign-off with {MOST_RULES}."


def _threshold(form, axis, least, most):
    asked, name = form["thresholds"][axis], AXES.get(axis, "The total")
    if asked is None:
        return ""
    if most < asked:
        fast = any(rule["kind"] == "fast_track" for rule in form["rules"])
        but = "only a fast-track rule could pass a lead" if fast else "nothing could pass"
        return f"{name} can reach at most {most}, and {asked} are asked for: {but}."
    return f"{name} of at least {asked} asks for nothing: every lead has it." * (least >= asked)


def _implied(form, bounds):
    """A threshold that the others bring with them; the total's, if it is one of two such."""
    fit, interest, total = (form["thresholds"][axis] for axis in ("fit", "interest", "total"))
    if total is None:
        return ""
    if fit is not None and interest is not None and total <= fit + interest:
        has = f"fit of {fit} and interest of {interest} are {fit + interest} together"
        return f"The total of at least {total} asks for nothing more: {has}."
    for axis, asked, other in (("fit", fit, "interest"), ("interest", interest, "fit")):
        most = bounds[other][1]
        if asked is not None and bounds[axis][0] < asked <= total - most:
            name = AXES[axis]
            return (
                f"{name} of at least {asked} asks for nothing more: {other} can reach at most "
                f"{most}, and the total of {total} needs {total - most} of {axis}."
            )
    return ""


def _only_takes(axis, least, most):
    if least < 0 and most == 0:
        return f"Every {axis} rule takes points: {axis} is never above 0."


def _tiers(form):
    if not form["tiers"]["A"] > form["tiers"]["B"] > form["tiers"]["C"]:
        return "Tier A must start above B, and B above C."


def _out_of_reach(form, least, most):
    never = [tier for tier in "ABC" if form["tiers"][tier] > most]
    if never:
        return f"The total can reach at most {most}: no lead is ever {' or '.join(never)}."


def _borderline(form, bounds):
    band = form.get("borderline") or 0
    asked = {axis: points for axis, points in form["thresholds"].items() if points is not None}
    if band and asked and all(points - band <= bounds[axis][0] for axis, points in asked.items()):
        return (
            f"The borderline band of {band} begins at no points: a marketer is asked about every "
            "lead that does not pass."
        )


def _everybody(rule):
    if rule["type"] == "when" and not any(terms_of(rule["when"])):
        return f"“{rule['label']}” {EVERYBODY[rule['kind']]}: its segment has no conditions."


def _pointless(rule):
    if rule["kind"] in AXES and not rule["points"]:
        return f"“{rule['label']}” gives no points."


def _cut_short(rule):
    if rule["type"] == "count" and rule["cap"] is not None and rule["cap"] < abs(rule["points"]):
        return f"“{rule['label']}” never gives its {rule['points']:+d}: its cap is {rule['cap']}."


def _empty(form, group):
    if not any(rule.get("group") == group["id"] for rule in form["rules"]):
        return f"No rule is in the group “{group['name']}”."


def _namesakes(form):
    labels = Counter((rule["kind"], rule["label"]) for rule in form["rules"])
    for (_, label), n in labels.items():
        if n > 1:
            yield f"“{label}” is the label of {n} rules: give each its own, to tell them apart."
