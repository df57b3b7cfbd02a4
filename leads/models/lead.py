from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Reverse

from leads import consents
from leads.consents import Consent
from leads.intake import countries, titles
from leads.models.event import Event
from leads.models.field_value import Derived, Learner
from leads.models.lifecycle import LifecycleStage, StageTransition
from leads.models.signal import Pending


class LeadQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The leads that this user may see, wherever they ask.

        Marketing, managers and RevOps see every lead. Everybody else sees a lead only through
        a handoff that they may see, so one that never qualified does not exist for a rep.
        """
        if user.has_perm("leads.view_every_lead"):
            return self.unmerged()
        handoffs: Any = self.model._meta.get_field("handoffs").related_model
        return self.unmerged().filter(pk__in=handoffs.objects.visible_to(user).values("lead"))

    def unmerged(self):
        """The leads that stand for a person: not those that were merged into another one."""
        return self.filter(merged_into=None)

    def known(self):
        """Leave out those who were erased: of them nothing can be listed."""
        return self.filter(erased_at=None)

    def search(self, words):
        """The leads whose name, e-mail, phone or company name or domain contains every word."""
        found = self
        for word in words.split()[:8]:
            found = found.filter(
                models.Q(name__icontains=word)
                | models.Q(email__icontains=word)
                | models.Q(phone__icontains=word)
                | models.Q(company__name__icontains=word)
                | models.Q(company__domain__icontains=word)
            )
        return found


class Lead(Learner):
    """A person who showed interest, with what we know of them now."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        NURTURING = "nurturing", "Nurturing"
        CONTACT_AND_QUALIFY = "contact_and_qualify", "Contact and qualify"
        ATTEMPTING = "attempting", "Attempting"
        CONNECTED = "connected", "Connected"
        SALES_UNREADY = "sales_unready", "Sales-unready"
        UNQUALIFIED = "unqualified", "Unqualified"

    LEARNED = (
        "name",
        "phone",
        "job_title",
        "seniority",
        "department",
        "country",
        "unread_country",
        "region",
        "language",
        "postal_code",
        "channel",
        "lead_source",
        "company",
        "campaign",
        *consents.LABELS,
    )

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    job_title = models.CharField(max_length=150, blank=True, default="")
    seniority = models.CharField(max_length=40, blank=True, default="")
    department = models.CharField(max_length=60, blank=True, default="")
    country = models.CharField(
        max_length=2, blank=True, default="", help_text="ISO 3166 code of two letters."
    )
    unread_country = models.CharField(
        "country as written",
        max_length=countries.LONGEST,
        blank=True,
        default="",
        editable=False,
        help_text="What was said of the country, where it could not be read.",
    )
    region = models.CharField(max_length=80, blank=True, default="")
    language = models.CharField(
        max_length=10, blank=True, default="", help_text="ISO 639 code, for example de."
    )
    postal_code = models.CharField(max_length=20, blank=True, default="")
    lead_source = models.CharField("source", max_length=80, blank=True, default="")
    channel = models.CharField(max_length=60, blank=True, default="")
    campaign = models.ForeignKey("Campaign", models.SET_NULL, null=True, blank=True)
    company = models.ForeignKey(
        "Company", models.SET_NULL, null=True, blank=True, related_name="leads"
    )
    email_consent = models.CharField(
        "consent to e-mail", max_length=10, choices=Consent, blank=True, default=""
    )
    phone_consent = models.CharField(
        "consent to calls", max_length=10, choices=Consent, blank=True, default=""
    )
    do_not_contact = models.BooleanField(default=False, help_text="By any channel.")
    opted_out = models.BooleanField(
        "opted out of e-mail",
        default=False,
        editable=False,
        help_text="Consent to e-mail is withdrawn; set together with it.",
    )
    stage = models.ForeignKey(LifecycleStage, models.PROTECT, default="lead", editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.NEW)
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        editable=False,
        related_name="duplicates",
        help_text="The lead that stands for this person now.",
    )
    erased_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when nothing is known of the person."
    )

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="leads_one_lead_per_email"),
            models.CheckConstraint(
                condition=models.Q(opted_out=True, email_consent="withdrawn")
                | (models.Q(opted_out=False) & ~models.Q(email_consent="withdrawn")),
                name="leads_opted_out_is_withdrawn_consent",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="leads_lead_newest"),
            models.Index(
                # An address's domain, turned round: what lies below a domain begins alike.
                OpClass(
                    Reverse(
                        Lower(
                            models.Func(
                                "email",
                                models.Value("@"),
                                models.Value(2),
                                function="split_part",
                                output_field=models.TextField(),
                            )
                        )
                    ),
                    name="text_pattern_ops",
                ),
                condition=models.Q(company=None, merged_into=None),
                name="leads_lead_without_company",
            ),
            # Scoring reads no more of a lead where only behaviour is asked.
            models.Index(
                fields=["id"], condition=models.Q(merged_into=None), name="leads_lead_unmerged"
            ),
            # Read with every scoring: those are left as they were.
            models.Index(
                fields=["id"],
                condition=models.Q(erased_at__isnull=False),
                name="leads_lead_erased",
            ),
        ]
        permissions = [("view_every_lead", "Can see every lead, handed over or not")]

    def __str__(self):
        return f"Erased lead {self.pk}" if self.erased_at else self.name or self.email

    def record(self, kind, *, now, by=None, cause="", **data):
        """Append an event about this lead and return it."""
        return Event.objects.create(
            lead=self, kind=kind, actor=by, cause=cause, data=data, happened_at=now
        )

    def news_in(self, values):
        if self.erased_at:
            return {}  # what is still on its way finds nobody to tell it of
        news = super().news_in(consents.in_full(values))
        if values.get("opted_out") is False and self.opted_out and consents.EMAIL not in values:
            news[consents.EMAIL] = ""  # not withdrawn any more; whether it is given, nobody said
        return news | self._derived_from(news)

    def said_again(self, values, **said):
        """Consents that are told once more: each statement is evidence."""
        return {
            name: value
            for name, value in consents.in_full(values).items()
            if name in consents.LABELS
            and value
            and value == self.known(name)
            and consents.is_evidence(self, name, value, **said)
        }

    def _derived_from(self, news):
        """What a new job title says of attributes of which nobody said anything."""
        if Derived.of not in news:
            return {}
        read = self.as_meant(titles.read(news[Derived.of]))
        return {
            name: Derived(value)
            for name, value in read.items()
            if name not in news and self.is_gap(name) and value != self.known(name)
        }

    def is_gap(self, name):
        """As for every Learner; what the job title alone tells, nobody has said."""
        if super().is_gap(name):
            return True
        derived = self.as_meant(titles.read(self.job_title)) if name in titles.OF else {}
        return derived.get(name) == self.known(name)

    def take(self, news):
        super().take(news)
        self._keep_in_step()

    def give_up(self, names):
        super().give_up(names)
        self._keep_in_step()

    def _keep_in_step(self):
        self.opted_out = self.email_consent == Consent.WITHDRAWN

    @classmethod
    def columns_of(cls, names):
        along = {"opted_out"} if consents.EMAIL in names else set()
        return super().columns_of(names) | along

    def lifts(self, name, value):
        withdrawn = name in consents.LABELS and consents.is_withdrawn(self.known(name))
        return withdrawn and not consents.is_withdrawn(value)

    def forbidden(self):
        """Return the channels by which this person is not to be reached: "email", "phone"."""
        withdrawn = {"email": self.email_consent, "phone": self.phone_consent}
        return {
            channel
            for channel, consent in withdrawn.items()
            if self.do_not_contact or consent == Consent.WITHDRAWN
        }

    def ask_for_score(self):
        Pending.objects.create(lead=self)

    def enter_stage(self, stage, *, status, cause, now, by=None):
        """Move to the stage with this key and set the working status; keep the transition.

        Rules may ask for both, so the lead is scored anew.
        """
        if stage != self.stage_id:
            StageTransition.objects.create(
                lead=self,
                from_stage_id=self.stage_id,
                to_stage_id=stage,
                actor=by,
                cause=cause,
                happened_at=now,
            )
        self.stage_id, self.status = stage, status
        self.save(update_fields=["stage", "status", "updated_at"])
        self.ask_for_score()


class Conversion(models.Model):
    """How the lead first converted. Written once, with the lead; it never changes."""

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True)
    kind = models.CharField(max_length=24)
    form = models.CharField(max_length=120, blank=True, default="")
    asset = models.CharField(max_length=200, blank=True, default="")
    answers = models.JSONField(default=dict)
    page_url = models.CharField(max_length=2000, blank=True, default="")
    referrer = models.CharField(max_length=2000, blank=True, default="")
    campaign = models.ForeignKey("Campaign", models.SET_NULL, null=True)
    lead_source = models.CharField(max_length=80, blank=True, default="")
    occurred_at = models.DateTimeField()

    def __str__(self):
        return self.form or self.asset or self.kind
