"""What of this app people and endpoints may be told of, and when that is over."""

from django.db.models import Q

from leads import kinds
from leads.models import Event
from sla.models import Clock

LATE = ("sla.breached", "sla.escalated", "sla.out_of_rotation")


def promise_is_over(deliveries):
    """Notices of promises that were kept, or that nobody owes any more, by now."""
    found = list(deliveries)
    named = {one.pk: _promises(one.event) for one in found}
    wanted = Q(pk=None)
    for handoff, kind in {pair for pairs in named.values() for pair in pairs}:
        wanted |= Q(handoff=handoff, kind=kind)
    runs = (Clock.State.RUNNING, Clock.State.PAUSED)
    running = set(Clock.objects.filter(wanted, state__in=runs).values_list("handoff", "kind"))
    return {pk for pk, pairs in named.items() if pairs and not running.intersection(pairs)}


def _promises(event):
    """The `(handoff, kind)` of the clocks that an event is about."""
    if ids := event.data.get("events"):
        data = list(Event.objects.filter(pk__in=ids).values_list("data", flat=True))
    else:
        data = [event.data]
    return {(one["handoff"], one["clock"]) for one in data if "clock" in one}


kinds.register_topic(
    kinds.Topic("due", "A promise is due soon", ("sla.reminded",)), settled=promise_is_over
)
kinds.register_topic(
    kinds.Topic("late", "A promise is late", (*LATE, "sla.summarised"), urgent=True),
    settled=promise_is_over,
)

kinds.register_types(
    sla__reminded="A promise is due soon",
    sla__breached="A promise is late",
    sla__escalated="A late promise was escalated",
    sla__webhook_called="A policy's step calls webhooks",
    sla__paused="A rep waits for the lead",
    sla__resumed="The wait is over",
    sla__out_of_rotation="A rep was taken out of rotation",
)
