"""Which clauses of the definition let in the leads that sales sent back, and how much each harms.

A clause let a lead in if it gave it points, or took it past the thresholds at once (fast track),
as the waterfall of its qualification has it. It is known by its label, across versions, so that
what was learnt of an older version counts for the clause that still stands.

Its harm is how much more of its leads were sent back than of those without it: a difference of two
rates, with its 95 % interval. Times its leads that is how many rejections it brought (`excess`).
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Count, F, Func, JSONField, Q, TextField, Value
from django.db.models.expressions import RawSQL

from leads.models import MQLDefinition
from leads.scoring.explain import sentence
from leads.signals import draft_saved
from reporting import intervals
from reporting.answers import Numbers, numbers
from reporting.dimensions import Line

# In PostgreSQL's JSON path. `$` is the explanation; `$fit`, `$interest` and `$total` are the
# thresholds of its definition.
_LET_IN = '@.counted == true && (@.points > 0 || @.kind == "fast_track")'
_BELOW = (
    "($.fit < $fit || $.interest < $interest || $.total < $total"
    " || ($fit == null && $interest == null && $total == null))"
)
_NEEDED = (
    '@.kind == "fit" && $.fit - @.points < $fit'
    ' || @.kind == "interest" && $.interest - @.points < $interest'
    " || $.total - @.points < $total"
)
_ALONE = (
    f'{_LET_IN} && ((@.kind == "fast_track" && {_BELOW}) || ($.fast_track == false && ({_NEEDED})))'
)
EXPLANATION, THRESHOLDS = F("qualification__explanation"), "qualification__definition__compiled"


@dataclass(frozen=True)
class Held(Numbers):
    """The answers to leads that a clause let in, beside those to all `others`.

    Of them, `alone` would not have passed without it.
    """

    others: Numbers = field(default_factory=Numbers)
    alone: int = 0

    @property
    def excess(self):
        """How many more were sent back than if it went as with the others; None without others."""
        if not self.answered or not self.others.answered:
            return None
        return self.rejected - self.answered * self.others.share

    @property
    def difference(self):
        """Its rejection rate less that of the others, 95 % interval (low, high); -1 to 1."""
        others = self.others
        return intervals.difference(self.rejected, self.answered, others.rejected, others.answered)

    @property
    def is_worse(self):
        """Whether more of its leads are sent back than chance explains."""
        return self.difference[0] > 0


@dataclass(frozen=True)
class Clause(Line):
    """One clause, and what it says in the live definition: "" where it is not in it any more."""

    sentence: str = ""


def lines(found):
    """Return a Clause for each that let in some of these answers' leads, the worst first.

    A lead counts for each of its clauses, so they do not add up to the whole.
    """
    everything, live = numbers(found), MQLDefinition.objects.live()
    says = {rule["label"]: sentence(rule) for rule in live.compiled["rules"]} if live else {}
    alone = {row["label"]: row["answered"] for row in _counted(found, _ALONE)}
    told = [
        Clause(
            row["label"], row["label"], _held(row, everything, alone), says.get(row["label"], "")
        )
        for row in _counted(found, _LET_IN)
    ]
    return sorted(told, key=_harm)


def of_clause(found, label):
    """Those of these answers whose leads the clause of this label let in."""
    path = f"$.lines[*] ? ({_LET_IN} && @.label == $label)"
    named = Value({"label": label}, JSONField())
    held = _path("jsonb_path_exists(%(expressions)s)", path, named, BooleanField())
    return found.alias(let_in_by=held).filter(let_in_by=True)


@transaction.atomic
def draft_without(label, *, by, because, now):
    """Return a draft of the live definition in which the clause of this label is not in force.

    `because` becomes its note. Who asks again gets the draft that is there, as long as it is one.
    Nothing is published. Raise LookupError where no live clause has the label.
    """
    live = MQLDefinition.objects.live()
    if live is None or not live.rules.filter(label=label, is_active=True).exists():
        raise LookupError(label)
    note = f"Without “{label}”: {because}"[:300]
    same = MQLDefinition.objects.filter(state=MQLDefinition.State.DRAFT, note=note, created_by=by)
    if found := same.filter(drafted_from=live).first():
        return found
    draft = MQLDefinition.draft_from_live(by=by)
    draft.note = note
    draft.save()
    draft.rules.filter(label=label).update(is_active=False)
    draft_saved.send(sender=MQLDefinition, definition=draft, by=by, now=now)
    return draft


def _counted(found, condition):
    """How many of these answers each clause let in, and how many of those were sent back."""
    thresholds = F(f"{THRESHOLDS}__thresholds")
    label = _path(
        "jsonb_path_query(%(expressions)s) #>> '{}'",
        f"$.lines[*] ? ({condition}).label",
        thresholds,
        TextField(),
    )
    return (
        found.filter(qualification__isnull=False)
        .order_by()
        .values(label=label)
        .annotate(
            answered=Count("pk", distinct=True),
            rejected=Count("pk", distinct=True, filter=Q(sent_back=True)),
        )
    )


def _path(template, path, variables, answer):
    written = RawSQL("%s::jsonpath", (path,))
    return Func(EXPLANATION, written, variables, template=template, output_field=answer)


def _held(row: dict[str, Any], everything, alone):
    held = Numbers(row["answered"], row["rejected"])
    others = Numbers(everything.answered - held.answered, everything.rejected - held.rejected)
    return Held(held.answered, held.rejected, others, alone.get(row["label"], 0))


def _harm(clause):
    """What is surely worse first, then by the rejections that it brought."""
    held = clause.numbers
    return not held.is_worse, -(held.excess or 0), clause.label.casefold()
