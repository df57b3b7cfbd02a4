from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from leads.models.lead import Lead
from leads.models.lifecycle import LifecycleStage
from leads.models.score import Score
from leads.signals import lead_declined, lead_qualified


class AlreadyDecided(Exception):
    """The answer comes too late: the qualification no longer waits for a person's."""


class NeverPasses(Exception):
    """The lead matches a do-not-pass rule by now, which wins over everybody."""


class QualificationQuerySet(models.QuerySet):
    def waiting(self):
        """Those that wait for a person's answer, longest first."""
        return self.filter(state=Qualification.State.WAITING).order_by("qualified_at", "pk")

    def asked(self):
        """Those that a person is or was asked about: they wait, or somebody answered."""
        return self.filter(Q(state=Qualification.State.WAITING) | Q(actor__isnull=False))

    def still_answered(self, *, now, cool_down_days):
        """Those that keep their lead from being asked about again.

        They wait for an answer, or were declined within the cool-down.
        """
        declined_since = now - timedelta(days=cool_down_days)
        return self.filter(
            Q(state=Qualification.State.WAITING)
            | Q(state=Qualification.State.DECLINED, decided_at__gt=declined_since)
        )


class Qualification(models.Model):
    """The fact that a lead met a definition: by which one, with which score, and why.

    It makes the lead an MQL at once, or waits until a marketer confirms or declines it.
    """

    class Cause(models.TextChoices):
        THRESHOLD = "threshold", "Reached the thresholds"
        FAST_TRACK = "fast_track", "Fast track"
        BORDERLINE = "borderline", "Just below the thresholds"
        INCOMPLETE = "incomplete", "Passes, but what sales needs to know is missing"
        WOKEN = "woken", "Back from nurture, as was agreed"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a marketer"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"

    lead = models.ForeignKey("Lead", models.CASCADE, related_name="qualifications")
    ordinal = models.PositiveSmallIntegerField(help_text="1 for the first time, 2 for the second.")
    definition = models.ForeignKey("MQLDefinition", models.PROTECT, related_name="+")
    cause = models.CharField(max_length=12, choices=Cause)
    state = models.CharField(max_length=10, choices=State, default=State.CONFIRMED)
    fit = models.IntegerField()
    interest = models.IntegerField()
    total = models.IntegerField()
    tier = models.CharField(max_length=1)
    explanation = models.JSONField(help_text="The waterfall at that moment; adds up to the total.")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        help_text="Who confirmed or declined; empty where the definition decided.",
    )
    note = models.CharField(max_length=300, blank=True, default="")
    qualified_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects = QualificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "ordinal"], name="leads_one_qualification_per_ordinal"
            ),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state="waiting"),
                name="leads_one_waiting_qualification",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at=None)
                | (~Q(state="waiting") & Q(decided_at__isnull=False)),
                name="leads_qualification_decided_or_waiting",
            ),
        ]
        indexes = [
            # Asked with every scoring of a lead that passes.
            models.Index(
                fields=["lead", "decided_at"],
                condition=Q(state="declined"),
                name="leads_qualification_declined",
            ),
        ]
        permissions = [("decide_qualification", "Can confirm or decline a borderline lead")]

    def __str__(self):
        return f"{self.lead}: {self.get_cause_display().lower()}"

    def make_mql(self, *, now, by=None):
        """Move the lead to the MQL stage and tell the apps above; the caller's transaction."""
        self.lead.enter_stage(
            LifecycleStage.Key.MQL,
            status=Lead.Status.CONTACT_AND_QUALIFY,
            cause=f"{self.definition}: {self.get_cause_display().lower()}",
            now=now,
            by=by,
        )
        self.lead.record(
            "leads.qualified",
            now=now,
            by=by,
            cause=self.get_cause_display(),
            definition=self.definition.version,
            total=self.total,
            fit=self.fit,
            interest=self.interest,
            tier=self.tier,
        )
        lead_qualified.send(sender=Qualification, qualification=self, now=now)

    @transaction.atomic
    def confirm(self, *, by, now, note=""):
        """Make the waiting lead an MQL.

        Raise AlreadyDecided if it does not wait any more, NeverPasses if it must not pass by now.
        """
        if Score.objects.filter(lead=self.lead_id, do_not_pass=True).exists():
            raise NeverPasses(f"{self.lead} matches a do-not-pass rule by now.")
        self._decide(self.State.CONFIRMED, by=by, now=now, note=note)
        self.make_mql(now=now, by=by)

    @transaction.atomic
    def decline(self, *, by, now, note):
        """Send the waiting lead to where the definition sends rejects.

        It is not asked about again before the definition's cool-down is over. Raise
        AlreadyDecided if it does not wait any more.
        """
        self._decide(self.State.DECLINED, by=by, now=now, note=note)
        self.lead.enter_stage(
            self.lead.stage_id,
            status=Lead.Status.NURTURING,
            cause=f"Declined: {note}"[:200],
            now=now,
            by=by,
        )
        track = self.definition.reject_track
        self.lead.record(
            "leads.declined", now=now, by=by, cause=note[:200], track=track.name if track else ""
        )
        lead_declined.send(sender=Qualification, qualification=self, now=now)

    def set_aside(self, *, note, now):
        """Nobody is asked any more: another question about the same person stands."""
        Qualification.objects.filter(pk=self.pk, state=self.State.WAITING).update(
            state=self.State.DECLINED, decided_at=now, note=note[:300]
        )

    def wait_again(self):
        """What was set aside is asked again; nobody answered it."""
        Qualification.objects.filter(pk=self.pk, state=self.State.DECLINED, actor=None).update(
            state=self.State.WAITING, decided_at=None, note=""
        )

    def _decide(self, state, *, by, now, note):
        # Scoring locks the lead before its qualification; here it is the same.
        self.lead = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=self.lead_id)
        taken = Qualification.objects.filter(pk=self.pk, state=self.State.WAITING).update(
            state=state, actor=by, decided_at=now, note=note
        )
        if not taken:
            self.refresh_from_db(fields=["state", "actor", "decided_at"])
            faster = self.actor or "The definition itself"
            raise AlreadyDecided(
                f"{faster} was faster: {self.lead} is {self.get_state_display().lower()}."
            )
        self.refresh_from_db(fields=["state", "actor", "decided_at", "note"])
