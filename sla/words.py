"""Promises in plain English, from the compiled form of a policy."""

from dataclasses import dataclass

from leads.conditions import words
from leads.models import User
from routing.models import Calendar, FollowUp
from sla import deadlines
from sla.models import ClockKind, Step

ACTIONS = {
    Step.Action.REMIND: "remind the owner",
    Step.Action.MANAGER: "tell the manager",
    Step.Action.PEOPLE: "tell {people}",
    Step.Action.BACKUP: "move it to the backup",
    Step.Action.POOL: "move it to the pool",
    Step.Action.ROTATION: "take the silent rep out of rotation",
    Step.Action.WEBHOOK: "call webhooks",
    Step.Action.RELEASE: "release the lead",
    Step.Action.DECLINE: "decline the lead",
}
IN_REVIEW = {
    Step.Action.REMIND: "remind the reviewers",
    Step.Action.MANAGER: "tell the marketing lead",
}


def policy(form):
    """Return a compiled policy as `(heading, sentences)` pairs."""
    named = names_in(form)
    promises = [
        promise(kind, form["targets"][kind], named)
        for kind in ClockKind.values
        if kind in form["targets"]
    ]
    if form.get("after_sql"):
        what = FollowUp.Kind(form["after_sql"]).label.lower()
        promises.append(f"Once the lead is an SQL, its owner gets a follow-up: {what}.")
    return [("For", [whom(form)]), ("Promised", promises), ("Counted", counted(form))]


def counted(form):
    """Return in sentences by which hours a compiled policy counts."""
    of_team = form.get("calendar_of") == "team"
    said = [f"In the working hours of {'the team' if of_team else 'the rep'}; in a pool, the team."]
    hours = form.get("pause_minutes", 0) // 60
    waits = f"A rep may wait for the lead for up to {_amount(hours, 'working hour')} in all."
    said.append(waits if hours else "No pauses.")
    if form.get("review_calendar"):
        calendar = Calendar.objects.filter(pk=form["review_calendar"]).first()
        said.append(f"Reviews count in the hours of {calendar or 'a calendar that is gone'}.")
    if form.get("review_lead"):
        lead = User.objects.filter(pk=form["review_lead"]).first()
        said.append(f"The marketing lead is {lead or 'somebody who is gone'}.")
    return said


def names_in(form):
    """Return the names of the people whom the steps of a compiled policy name, by id."""
    steps = [s for target in form["targets"].values() for s in deadlines.modern(target)["steps"]]
    asked = {pk for step in steps for pk in step["people"]}
    return {person.pk: str(person) for person in User.objects.filter(pk__in=asked)} if asked else {}


def promise(kind, target, named):
    """Return one target with its bound and its steps as a sentence."""
    target = deadlines.modern(target)
    said = f"{ClockKind(kind).label} {within(target)}{at_latest(target)}"
    steps = [f"{moment(step)}: {doing(kind, step, named)}" for step in target["steps"]]
    return "; ".join([said, *steps]) + "."


def within(target):
    """Return how soon a compiled target is due."""
    target = deadlines.modern(target)
    if target["unit"] == deadlines.END_OF_DAY:
        said = "by the end of the business day"
        left = f" (the next one with under {lasting(target['cut_off'])} left)"
        return said + (left if target["cut_off"] else "")
    return f"within {lasting(target['minutes'], target['unit'])}"


def at_latest(target):
    """Return the outer bound of a compiled target, or nothing."""
    target = deadlines.modern(target)
    if not target["bound"]:
        return ""
    skips = "" if target["bound"]["unit"] == deadlines.WALL else ", days off not counted"
    return f", at latest {target['bound']['minutes'] // 60} h after the start{skips}"


def lasting(minutes, unit=deadlines.WALL):
    """Return "15 minutes", "1 business hour", "1 h 30 min"."""
    word = "business " if unit == deadlines.BUSINESS else ""
    if minutes % 60:
        return _amount(minutes, f"{word}minute")
    return _amount(minutes // 60, f"{word}hour")


def moment(step):
    """Return when a step is taken."""
    if step["when"] == deadlines.AT:
        return "when late"
    return f"{lasting(step['minutes'], step['unit'])} {step['when']}"


def doing(kind, step, named):
    """Return what a step does."""
    action = step["action"]
    said = IN_REVIEW.get(action) if kind == ClockKind.REVIEW else None
    people = [named.get(pk, "somebody who has left") for pk in step["people"]]
    return (said or ACTIONS[action]).format(people=" and ".join(people) or "nobody")


def differences(old, new):
    """Return in words what changed from one compiled policy to another."""
    before = dict(policy(old))
    found = []
    for heading, sentences in policy(new):
        gone = [one for one in before[heading] if one not in sentences]
        come = [one for one in sentences if one not in before[heading]]
        found += [(heading, "No longer", one) for one in gone]
        found += [(heading, "New", one) for one in come]
    return found


def _amount(number, word):
    return f"{number:,} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Promised:
    """One clock of a policy in words: how soon, at latest when, and what is done about it."""

    clock: str
    within: str
    at_latest: str
    steps: list[str]


def promised(form):
    """Return what a compiled policy promises, one Promised for each clock."""
    named, found = names_in(form), []
    for kind in ClockKind.values:
        if kind not in form["targets"]:
            continue
        target = deadlines.modern(form["targets"][kind])
        said = [f"{moment(step)}: {doing(kind, step, named)}" for step in target["steps"]]
        steps = [one[0].upper() + one[1:] for one in said]
        if not any(step["when"] != deadlines.BEFORE for step in target["steps"]):
            steps.append("When late: tell the manager")
        bound = at_latest(target).removeprefix(", at latest ")
        found.append(Promised(ClockKind(kind).label, within(target), bound, steps))
    return found


def whom(form):
    """Return, as a sentence, which leads a compiled policy is for."""
    if form["when"]:
        return f"Leads for which {words.sentence(form['when'])}."
    return "Every lead that no earlier policy fits."
