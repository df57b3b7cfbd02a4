"""A manager reminds whoever has a lead, by hand."""

from datetime import timedelta

from django.db import transaction

from leads.models import Delivery, Event
from routing.models import Handoff, Refused
from routing.models.agenda import answered_for_by
from routing.notifications import told_in_words, url_of
from sla.models import Clock
from sla.roster import Roster

REMINDED = "sla.reminded_by_hand"
PAUSE = timedelta(minutes=15)  # between two reminders about one clock


@transaction.atomic
def remind(clock, *, by, now):
    """Remind whoever has the lead of this promise; return their names.

    Raise Refused unless the clock runs, this person answers for the handoff, and nobody reminded
    them in the last quarter of an hour.
    """
    # The handoff's lock first, as everywhere; two managers at once remind once.
    Handoff.objects.select_for_update(no_key=True, of=("self",)).get(pk=clock.handoff_id)
    running = Clock.objects.running().filter(pk=clock.pk)
    clock = running.select_related("handoff__lead", "policy").first()
    if clock is None:
        raise Refused("This clock does not run any more.")
    handoff = clock.handoff
    if not answered_for_by(by).filter(pk=handoff.pk).exists():
        raise Refused("Only whoever manages the team reminds its reps.")
    lately = Event.objects.filter(lead=handoff.lead, kind=REMINDED, happened_at__gt=now - PAUSE)
    before = lately.filter(data__clock=clock.pk).select_related("actor").first()
    if before:
        raise Refused(f"{before.actor} reminded them less than 15 minutes ago.")
    event = handoff.lead.record(
        REMINDED,
        now=now,
        by=by,
        handoff=handoff.pk,
        clock=clock.pk,
        cause=f"{clock.get_kind_display()} by {clock.policy}"[:200],
    )
    people = Roster([handoff]).owners(handoff)
    for user in people:
        Delivery.objects.tell(
            user,
            event=event,
            subject=f"{by} reminds you: {told_in_words(handoff)}",
            body=f"{clock.get_kind_display()}: {clock.reading(now=now).text}.",
            url=url_of(handoff),
            now=now,
        )
    return [str(user) for user in people]
