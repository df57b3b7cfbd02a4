"""The nearest miss: the smallest single change after which a lead would pass.

Every change is confirmed: it is applied to a copy of the lead, which is judged by the statement
that scores real leads, all copies at once. Sizes compare changes of different kinds: touchpoints
and visits count as many as they are, half a minute as one; an attribute that becomes known counts
1, one that changes 2 and its relative distance, one that is forgotten 3. Of equals, the one whose
rule is checked first is first.

The smallest are tried first, and no more than `changes.MOST_TRIED`: what is found is the smallest,
however many there are, and where nothing is found, that is said of those that were tried.
"""

from dataclasses import dataclass
from typing import Any

from leads.conditions import words
from leads.scoring import changes, what_if

MOST = 3  # changes that are worth reading
MOST_NAMES = 3  # values that one sentence names


@dataclass(frozen=True)
class Change:
    """One change after which the lead passes.

    `subject` is a signal's id or a field's key; `value` how many touchpoints more today, or the
    new value, where `changes.OTHER` stands for any that no rule names. `gives` are the points
    that each axis gains or loses.
    """

    kind: str
    subject: Any
    value: Any
    size: float
    gives: dict[str, int]
    sentence: str


@dataclass(frozen=True)
class Nearest:
    """The smallest changes, at most one for each attribute or signal, and what is missing.

    `missing` are the points below each threshold that is not reached, `blocks` the do-not-pass
    rules that hold. `tried` is how many changes were tried; `is_cut` whether there are more.
    Without changes, none of those would do.
    """

    changes: list[Change]
    missing: dict[str, int]
    blocks: list[str]
    tried: int
    is_cut: bool

    @property
    def sentence(self):
        """The smallest change in plain English, or what stands against any."""
        if self.changes:
            first = self.changes[0]
            if first.kind == changes.ATTRIBUTE or not self.missing:
                return first.sentence
            return f"{_points(self.missing)} short: {first.sentence[0].lower()}{first.sentence[1:]}"
        reasons = [f"“{label}” keeps it back" for label in self.blocks]
        if self.missing:
            are = "is" if list(self.missing.values()) == [1] else "are"
            reasons.append(f"{_points(self.missing)} {are} missing")
        because = _listed(reasons, "and") or "only a fast-track rule passes a lead"
        if self.is_cut:
            return f"None of the {self.tried} smallest changes would do: {because}."
        return f"No single change would do: {because}."


def nearest_miss(form, lead_id, *, today):
    """Return the Nearest of a lead that does not pass by this definition; None if it passes."""
    lead = what_if.imagine(lead_id)
    every = changes.possible(form, lead, today=today)
    steps = every[: changes.MOST_TRIED]
    copies = [step.applied(lead, today=today) for step in steps]
    base, *rows = what_if.rows(form, [lead, *copies], today=today)
    if base["qualifies"]:
        return None
    missing = {
        axis: needed - base[axis]
        for axis, needed in form["thresholds"].items()
        if needed is not None and base[axis] < needed
    }
    judged = list(zip(steps, rows, strict=True))
    nearest = sorted(_smallest(judged), key=lambda found: found[0].size)[:MOST]
    cut = {step.subject for step in every[changes.MOST_TRIED :]}
    return Nearest(
        changes=[_change(step, row, base, judged, cut) for step, row in nearest],
        missing=missing,
        blocks=[
            rule["label"]
            for rule in form["rules"]
            if rule["kind"] == "do_not_pass" and base[f"n_{rule['id']}"] > 0
        ],
        tried=len(steps),
        is_cut=bool(cut),
    )


def _smallest(judged):
    """Of every subject the smallest step that flips the verdict, in the rules' order."""
    found: dict = {}
    for step, row in judged:
        if row["qualifies"]:
            kept = found.get(step.subject)
            if kept is None or step.size < kept[0].size:
                found[step.subject] = step, row
    return found.values()


def _change(step, row, base, judged, cut):
    same = [(one, found["qualifies"]) for one, found in judged if one.subject == step.subject]
    return Change(
        kind=step.kind,
        subject=step.subject,
        value=step.value,
        size=step.size,
        gives={
            axis: row[axis] - base[axis] for axis in ("fit", "interest") if row[axis] != base[axis]
        },
        sentence=_sentence(step, same, is_cut=step.subject in cut),
    )


def _sentence(step, same, *, is_cut):
    """Say a step; `same` are the steps of its subject, each with whether it flips the verdict.

    Where not all of them were tried, nothing is said about values in between.
    """
    if step.kind == changes.TOUCHPOINTS:
        return f"{'One' if step.value == 1 else step.value} more “{step.label}” would do."
    if step.kind in (changes.VISIT, changes.TIME):
        more = words.amount(step.value, step.kind).replace(" ", " more ", 1)
        return f"{more} with “{step.label}” would do."
    verb, name = step.said
    if not verb:
        return f"An MQL if {step.label} were {step.value if is_cut else _range(step, same)}."
    names = [
        one.said[1]
        for one, flips in same
        if flips and one.size == step.size and one.said[0] == verb and name
    ]
    if len(names) > MOST_NAMES:
        names = [*names[:MOST_NAMES], f"one of {len(names) - MOST_NAMES} more"]
    return f"An MQL if {' '.join(filter(None, [step.label, verb, _listed(names, 'or')]))}."


def _range(step, same):
    """The range of numbers or dates around the step's value in which every value would do."""
    edges = [(one.value, flips) for one, flips in same if one.value is not None]
    if step.now is not None:
        edges.append((step.now, False))
    edges.sort()
    low = high = next(i for i, (value, _) in enumerate(edges) if value == step.value)
    while low and edges[low - 1][1]:
        low -= 1
    while high + 1 < len(edges) and edges[high + 1][1]:
        high += 1
    known = ["known"] if step.now is None else []
    if low and high + 1 < len(edges):
        first, last = edges[low][0], edges[high][0]
        known.append(f"between {first} and {last}" if first != last else f"{first}")
    elif low:
        known.append(f"at least {edges[low][0]}")
    elif high + 1 < len(edges):
        known.append(f"at most {edges[high][0]}")
    return " and ".join(known)


def _points(missing):
    """Return "5 points of fit and 20 points in total"."""
    return _listed(
        [
            f"{n} point{'' if n == 1 else 's'} {'in total' if axis == 'total' else f'of {axis}'}"
            for axis, n in missing.items()
        ],
        "and",
    )


def _listed(words, joint):
    """Return "a, b and c"."""
    *most, last = words or [""]
    return f"{', '.join(most)} {joint} {last}" if most else last
