"""What is odd in a rule set without being wrong, one sentence each. The editor shows it."""

from itertools import combinations

from django.core.exceptions import ValidationError

from leads.conditions import judge
from leads.models import Lead
from routing.models import Pool, Rep, Rule, Territory

SAMPLE = 2000  # leads, the newest, that are asked whether a segment fits anybody
MOST_NAMED = 3

Target, Method = Rule.Target, Rule.Method


def warnings(form, *, today):
    """Return what is odd in a compiled rule set."""
    return [
        *_never_tried(form),
        *_fits_nobody(form, today=today),
        *overlaps(_territories(form), today=today),
        *_caps(form),
        *_people(form),
    ]


def overlaps(territories, *, today):
    """Say of which compiled territories some of the newest leads are in more than one."""
    leads = _newest()
    answers = list(_answers([one["when"] for one in territories], leads, today=today))
    for one, other in combinations(range(len(territories)), 2):
        both = sum(held[one] and held[other] for held in answers)
        if both:
            first, second = territories[one]["name"], territories[other]["name"]
            are = "lead is" if both == 1 else "leads are"
            yield (
                f"{both} of the newest {len(leads)} {are} in the territories “{first}” and "
                f"“{second}”: “{first}” has them, because it comes first."
            )


def overlaps_of(territory, *, today):
    """Say of which others' leads some are in this stored territory, too."""
    try:
        found = Territory.objects.forms()
    except ValidationError:
        return []  # a segment that makes no sense is said where it is edited
    return [said for said in overlaps(found, today=today) if f"“{territory}”" in said]


def _never_tried(form):
    seen: list[tuple] = []
    for rule in form["rules"][:-1]:
        same = next((label for when, label in seen if when in ({}, rule["when"])), None)
        if same:
            yield f"“{rule['label']}” is never tried: “{same}” has its leads before it."
        elif _ends(rule):
            empty = not any(rule["when"].get(group) for group in ("all", "any", "none"))
            seen.append(({} if empty else rule["when"], rule["label"]))


def _ends(rule):
    """Whether no lead that fits ever goes on to the next rule."""
    claimed = rule["method"] == Method.CLAIM
    stops = rule.get("otherwise", Rule.Otherwise.STOP) == Rule.Otherwise.STOP
    target = rule.get("target", Target.POOL)
    return (target == Target.POOL and (claimed or stops)) or (target == Target.REP and stops)


def _fits_nobody(form, *, today):
    rules, leads = form["rules"][:-1], _newest()
    territories = _territories(form)
    if not leads:
        return
    asked = [*rules, *territories]
    answers = list(_answers([one["when"] for one in asked], leads, today=today))
    for number, one in enumerate(asked):
        if not any(held[number] for held in answers):
            what = "The territory " if number >= len(rules) else ""
            name = one.get("label") or one["name"]
            yield f"{what}“{name}” fits none of the newest {len(leads)} leads."


def _answers(whens, leads, *, today):
    return judge.holding(whens, today=today)(leads).values() if whens and leads else ()


def _newest():
    newest = Lead.objects.unmerged().order_by("-pk").values_list("pk", flat=True)
    return list(newest[:SAMPLE])


def _territories(form):
    found = {one["id"]: one for rule in form["rules"] for one in rule.get("territories", ())}
    return list(found.values())


def _caps(form):
    for rule in form["rules"]:
        limits = rule.get("limits", {})
        if 0 in (limits.get("open"), limits.get("daily")):
            yield f"“{rule['label']}” has a cap of 0: it gives nobody anything."


def _people(form):
    """Pools in which nobody could take a turn, and people who are not there any more."""
    asked = {rule["pool"] for rule in form["rules"] if _takes_turns(rule)}
    asked |= {one["pool"] for one in _territories(form)}
    for pool in Pool.objects.filter(pk__in=asked).prefetch_related("team__reps__user", "seats"):
        weights = {seat.rep_id: seat.weight for seat in pool.seats.all()}
        reps = [rep for rep in pool.team.reps.all() if rep.user.is_active and rep.in_rotation]
        if not reps:
            yield f"Nobody in “{pool}” is in rotation: what goes there waits."
        elif not any(weights.get(rep.pk, 1) for rep in reps):
            yield f"Every weight in “{pool}” is 0: what goes there waits."
    named = {rule.get("rep") for rule in form["rules"]}
    named |= {one[who] for one in _territories(form) for who in ("primary", "backup")}
    for rep in Rep.objects.filter(pk__in=named - {None}, user__is_active=False):
        yield f"{rep} is named and no longer active."


def _takes_turns(rule):
    return rule.get("target", Target.POOL) == Target.POOL and rule["method"] != Method.CLAIM
