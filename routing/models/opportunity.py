"""What an SQL may come to: a deal with an amount, which is open, won or lost."""

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.formats import date_format

from leads.deadlocks import retried
from leads.intake.currencies import currency_code
from leads.models import Lead, LifecycleStage, User
from routing import signals
from routing.models.handoff import Handoff
from routing.models.refused import Refused

EVERY = "routing.work_every_opportunity"
TERMS = ("name", "amount", "currency", "close_on")


class OpportunityReason(models.Model):
    """Why an opportunity was won or lost, as both sides agreed to call it."""

    class Outcome(models.TextChoices):
        WON = "won", "Won"
        LOST = "lost", "Lost"

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    outcome = models.CharField(max_length=4, choices=Outcome)
    needs_note = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-outcome", "position", "pk"]

    def __str__(self):
        return self.label


def sellable_by(user):
    """The SQLs of which this person may open an opportunity: theirs, their team's, or all."""
    sqls = Handoff.objects.filter(state=Handoff.State.QUALIFIED)
    if user.has_perm(EVERY):
        return sqls
    return sqls.filter(Q(owner__user=user) | Q(owner__team__manager=user))


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    def visible_to(self, user):
        """Whoever sees a lead sees what it came to."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def workable_by(self, user):
        """Those that this person may change and close: theirs, their team's, or all."""
        if user.has_perm(EVERY):
            return self
        return self.filter(Q(owner=user) | Q(handoff__owner__team__manager=user))

    @retried
    @transaction.atomic
    def open_for(self, handoff, *, by, now, nonce=None, **terms):
        """Open an opportunity of an SQL and return it; once for the same `nonce`.

        Raise Refused unless the handoff ended as an SQL and this person may.
        """
        lead = _held(handoff.lead_id)
        before = self.filter(nonce=nonce).first() if nonce else None
        if before:
            return before
        if not sellable_by(by).filter(pk=handoff.pk).exists():
            handoff.refresh_from_db()
            if handoff.state != Handoff.State.QUALIFIED:
                raise Refused("Only an SQL becomes an opportunity: qualify the lead first.")
            raise Refused(f"{handoff.owner} works this SQL, and opens its opportunities.")
        made = Opportunity(lead=lead, handoff=handoff, owner=handoff.owner.user, nonce=nonce)
        made.begin(terms, by=by, now=now)
        return made


class Opportunity(models.Model):
    """A deal that a lead may become. A CRM knows it by its own id."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="opportunities")
    company = models.ForeignKey(
        "leads.Company", models.SET_NULL, null=True, related_name="opportunities"
    )
    handoff = models.ForeignKey(
        Handoff,
        models.PROTECT,
        null=True,
        related_name="opportunities",
        help_text="The one that ended as an SQL. Empty where a CRM had it without one.",
    )
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="opportunities")
    name = models.CharField(max_length=200, blank=True, default="")
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True, default="", help_text="ISO 4217 code.")
    close_on = models.DateField(null=True, help_text="When it is expected to be decided.")
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    reason = models.ForeignKey(
        OpportunityReason, models.PROTECT, null=True, related_name="opportunities"
    )
    note = models.TextField(max_length=2000, blank=True, default="")
    source = models.ForeignKey(
        "leads.Source", models.PROTECT, null=True, related_name="opportunities"
    )
    external_id = models.CharField(max_length=120, blank=True, default="")
    told_at = models.DateTimeField(null=True, help_text="As of when the CRM last told of it.")
    nonce = models.UUIDField(null=True, unique=True, editable=False)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "opportunities"
        ordering = ["-opened_at", "-pk"]
        permissions = [("work_every_opportunity", "Can change and close every opportunity")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="routing_one_opportunity_per_external_id",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0) & ~Q(currency=""),
                name="routing_opportunity_amount_has_currency",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, reason=None)
                | Q(state="won", closed_at__isnull=False)
                | Q(state="lost", closed_at__isnull=False, reason__isnull=False),
                name="routing_closed_opportunity_says_when_and_why",
            ),
        ]
        indexes = [
            models.Index(F("opened_at").desc(), F("id").desc(), name="routing_opportunity_newest")
        ]

    def __str__(self):
        return self.name or f"Opportunity {self.pk}"

    @property
    def is_open(self):
        return self.state == self.State.OPEN

    def worth(self):
        """Return the amount in words, for example "EUR 12,500"."""
        if self.amount is None:
            return "Amount unknown"
        return f"{self.currency} {self.amount:,.2f}".removesuffix(".00")

    def standing(self):
        """Return one sentence on how it stands, for somebody who came too late."""
        if self.closed_at is None:
            return "This opportunity is open."
        who = self.closed_by or self.source or "Handoff"
        day = date_format(self.closed_at, "j F Y")
        return f"This opportunity was {self.state} on {day}, by {who}."

    def begin(self, terms, *, by=None, now):
        """Store a new one with its terms; the lead, which is held, is an opportunity now."""
        self.company_id, self.opened_at = self.lead.company_id, now
        self._agree(terms)
        self.save()
        self._record("opened", now=now, by=by)
        self._move_lead(cause="Opportunity opened", now=now, by=by)

    @retried
    @transaction.atomic
    def change(self, *, by=None, now, **terms):
        """Set new terms of an open one; return the names of those that differ. Raise Refused."""
        self._hold(by, states=(self.State.OPEN,))
        return self.agree(terms, by=by, now=now)

    def agree(self, terms, *, by=None, now):
        """As `change`, of one that is held already, in whichever state."""
        before = {name: getattr(self, name) for name in terms}
        self._agree(terms)
        changed = sorted(name for name, was in before.items() if getattr(self, name) != was)
        if changed:
            self.save(update_fields=changed)
            self._record("changed", now=now, by=by, cause=", ".join(changed), changed=changed)
        return changed

    @retried
    @transaction.atomic
    def close(self, state, *, reason=None, note="", by=None, now):
        """It was won or lost. Raise Refused if it is closed already, or does not say why."""
        self._hold(by, states=(self.State.OPEN,))
        note = note.strip()
        if reason is None and state == self.State.LOST:
            raise Refused("Say why it was lost.")
        if reason and reason.outcome != state:
            raise Refused(f"“{reason}” is no reason for an opportunity that was {state}.")
        if reason and reason.needs_note and not note:
            raise Refused(f"The reason “{reason}” needs a note.")
        self.state, self.reason, self.note = state, reason, note
        self.closed_at, self.closed_by = now, by
        self.save(update_fields=["state", "reason", "note", "closed_at", "closed_by"])
        said = {"reason": reason.code if reason else "", "note": note}
        why = str(reason or "")
        event = self._record(state, now=now, by=by, cause=why, **said)
        words = f"Opportunity {state}" + (f": {why}" if why else "")
        self._move_lead(cause=words, now=now, by=by)
        signals.opportunity_closed.send(sender=Opportunity, opportunity=self, event=event, now=now)

    @retried
    @transaction.atomic
    def reopen(self, *, by=None, now):
        """It was closed by mistake, or the deal is on again. Raise Refused if it is open."""
        self._hold(by, states=(self.State.WON, self.State.LOST))
        self.state, self.reason, self.note = self.State.OPEN, None, ""
        self.closed_at = self.closed_by = None
        self.save(update_fields=["state", "reason", "note", "closed_at", "closed_by"])
        self._record("reopened", now=now, by=by)
        self._move_lead(cause="Opportunity open again", now=now, by=by)

    def _hold(self, by, *, states):
        """Lock the lead, then this row, and see it as it is. Raise Refused."""
        lead = _held(self.lead_id)
        self.refresh_from_db(from_queryset=Opportunity.objects.select_for_update(of=("self",)))
        self.lead = lead
        if by and not Opportunity.objects.workable_by(by).filter(pk=self.pk).exists():
            raise Refused(f"{self.owner or 'Nobody here'} works this opportunity.")
        if self.state not in states:
            raise Refused(self.standing())

    def _agree(self, terms):
        for name in TERMS:
            if name in terms:
                setattr(self, name, terms[name])
        if self.amount is not None and self.amount < 0:
            raise Refused("The amount cannot be negative.")
        if self.currency and not currency_code(self.currency):
            raise Refused(f"“{self.currency}” is no currency. Give its ISO 4217 code, such as EUR.")
        if self.amount is not None and not self.currency:
            raise Refused("Say in which currency the amount is.")

    def _record(self, what, *, now, by=None, cause="", **facts):
        handoff = {"handoff": self.handoff_id} if self.handoff_id else {}
        return self.lead.record(
            f"routing.opportunity_{what}",
            now=now,
            by=by,
            cause=(cause or self.worth())[:200],
            opportunity=self.pk,
            external_id=self.external_id,
            amount=None if self.amount is None else str(self.amount),
            currency=self.currency,
            **handoff,
            **facts,
        )

    def _move_lead(self, *, cause, now, by):
        """The lead stands where the furthest of its opportunities does."""
        states = set(self.lead.opportunities.values_list("state", flat=True))
        stages, status = LifecycleStage.Key, self.lead.status
        if self.State.WON in states:
            stage = stages.CUSTOMER
        elif self.State.OPEN in states:
            stage = stages.OPPORTUNITY
        else:
            stage, status = self._stage_before(), Lead.Status.NURTURING
        if (stage, status) != (self.lead.stage_id, self.lead.status):
            self.lead.enter_stage(stage, status=status, cause=cause, now=now, by=by)

    def _stage_before(self):
        """Where the lead was before it had opportunities: nothing is left of them."""
        sold = (LifecycleStage.Key.OPPORTUNITY, LifecycleStage.Key.CUSTOMER)
        came = self.lead.transitions.filter(to_stage__in=sold).exclude(from_stage__in=sold).last()
        return came.from_stage_id if came else LifecycleStage.Key.SQL


def _held(lead_id):
    """Lock a lead, so that of two who change what it came to one waits."""
    return Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead_id)
