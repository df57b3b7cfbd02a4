"""Handoffs that went astray: with the wrong person, or where no rule of the agreement led."""

from datetime import timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Subquery

from reporting.health import Part
from routing.models import Absence, Decision, Handoff, Rule, RuleSet

RECENT = timedelta(days=30)
OWNED = (Handoff.State.OFFERED, Handoff.State.ACCEPTED)
# Rules that give a lead to a person wherever they sit.
TO_A_PERSON = (Rule.Target.ACCOUNT_OWNER, Rule.Target.PREVIOUS_OWNER, Rule.Target.REP)
WRONG_TERRITORY = Q(rejection__reason__code="wrong_territory") | Q(
    rejection__reason__label__icontains="territory"
)


def outside(handoffs, *, now):
    """Open handoffs whose owner is in another team than the pool to which their rule led."""
    latest = Decision.objects.filter(handoff=OuterRef("pk")).order_by("-decided_at", "-pk")
    found = handoffs.filter(state__in=OWNED).annotate(
        led_to=Subquery(latest.values("pool__team")[:1]),
        target=Subquery(latest.values("trace__target")[:1]),
    )
    return found.exclude(target__in=list(TO_A_PERSON)).exclude(owner__team=F("led_to"))


def absent(handoffs, *, now):
    """Open handoffs whose owner is away now, or has left."""
    away = Exists(Absence.objects.away(now).filter(rep=OuterRef("owner")))
    return handoffs.filter(away | Q(owner__user__is_active=False), state__in=OWNED)


def wrong_territory(handoffs, *, now):
    """Handoffs that a rep sent back in the last 30 days because the territory was not theirs."""
    return handoffs.filter(WRONG_TERRITORY, rejection__rejected_at__gt=now - RECENT)


def caught(handoffs, *, now):
    """Handoffs of the last 30 days that no rule fitted, so that the catch-all took them."""
    return handoffs.filter(Exists(_caught(now=now).filter(handoff=OuterRef("pk"))))


def catch_all(*, now):
    """Return how many of the last 30 days' routing decisions the catch-all made, as a Part."""
    return Part(part=_caught(now=now).count(), of=_decisions(now=now).count())


def too_many_caught(part):
    """Whether more went to the catch-all than the rules should leave to it."""
    return bool(part.of) and part.part * 100 > settings.CATCH_ALL_PERCENT * part.of


def _decisions(*, now):
    return Decision.objects.filter(decided_at__gt=now - RECENT, decided_at__lte=now)


def _caught(*, now):
    """The decisions that fell to the last rule of their rule set, which is the catch-all."""
    made = _decisions(now=now)
    versions = RuleSet.objects.filter(pk__in=made.order_by().values("rule_set"))
    last = [
        Q(rule_set=pk, trace__rule=len(compiled["rules"]))
        for pk, compiled in versions.values_list("pk", "compiled")
        if compiled
    ]
    return made.filter(reduce(or_, last, Q(pk=None)))


# What a page calls them, and what to do; in the order of their urgency.
KINDS = {
    "absent": (
        absent,
        "With somebody who is away or has left",
        "Reassign them, or name a cover for the absence.",
    ),
    "outside": (
        outside,
        "With an owner outside the territory of the rule",
        "Give them back to the pool that the rule named, or change the rule.",
    ),
    "wrong-territory": (
        wrong_territory,
        "Sent back as the wrong territory, last 30 days",
        "See by which rule they came, and mend the territory's segment.",
    ),
    "catch-all": (
        caught,
        "Taken by the catch-all, last 30 days",
        "Add a rule for what these leads have in common.",
    ),
}


def of_kind(kind, handoffs, *, now):
    """Return those of these handoffs that are misdirected in this way."""
    return KINDS[kind][0](handoffs, now=now)
