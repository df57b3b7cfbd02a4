from datetime import timedelta

from django.db import models, transaction
from django.utils.formats import date_format

from leads.deadlocks import retried
from routing.models.handoff import Handoff
from routing.models.refused import Refused
from routing.models.team import Rep

FURTHEST = timedelta(days=30)


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    def in_force(self, *, now):
        """Those that keep a lead out of its rep's queue now."""
        return self.filter(handoff__in=Handoff.objects.snoozed(now=now))

    @retried
    @transaction.atomic
    def begin(self, handoff, *, by, until, now):
        """Put a lead aside in its rep's queue until a moment; its clocks run on.

        Said twice, it is done once. Raise Refused unless this rep has it, for a moment that has
        passed or is too far, and for one after its next deadline.
        """
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
        if not (held.held_by(by) and held.state in Handoff.HELD):
            raise Refused(handoff.standing(now=now))
        _check(until, due_at=held.next_due_at, now=now, zone=by.tzinfo)
        if self.in_force(now=now).filter(handoff=held, until=until).exists():
            return
        said = {"rep": by.rep, "until": until, "snoozed_at": now}
        self.update_or_create(handoff=held, defaults=said)
        held.lead.record(
            "routing.snoozed",
            now=now,
            by=by,
            handoff=held.pk,
            until=until.isoformat(),
            note=f"Until {_in_words(until, by.tzinfo)}, {by.tzinfo}",
        )

    @retried
    @transaction.atomic
    def end(self, handoff, *, by, now):
        """Bring it back before its time. Raise Refused where it is not snoozed by this rep."""
        mine = self.in_force(now=now).filter(handoff=handoff, rep__user=by)
        if not self.filter(pk__in=mine.values("pk"), until__gt=now).update(until=now):
            raise Refused("This lead is not snoozed.")
        handoff.lead.record("routing.snooze_ended", now=now, by=by, handoff=handoff.pk)


def _check(until, *, due_at, now, zone):
    if until <= now:
        raise Refused("This moment has passed.")
    if until > now + FURTHEST:
        raise Refused(f"Snooze it for {FURTHEST.days} days at most, or recycle it.")
    if due_at is not None and due_at <= now:
        raise Refused("Its deadline has passed: it stays in the queue.")
    if due_at is not None and until > due_at:
        raise Refused(f"Its deadline is {_in_words(due_at, zone)}: choose a time before it.")


def _in_words(moment, zone):
    return date_format(moment.astimezone(zone), "D j M H:i")


class Snooze(models.Model):
    """A lead that its rep does not want to see in the queue until a moment."""

    handoff = models.OneToOneField(Handoff, models.CASCADE, related_name="snooze")
    rep = models.ForeignKey(Rep, models.CASCADE, related_name="+")
    until = models.DateTimeField()
    snoozed_at = models.DateTimeField()

    objects = SnoozeQuerySet.as_manager()

    def __str__(self):
        return f"Handoff {self.handoff_id} until {self.until:%Y-%m-%d %H:%M}"
