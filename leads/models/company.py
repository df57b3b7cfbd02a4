from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper

from leads.models.field_value import Learner
from leads.models.signal import Pending


class Company(Learner):
    """An organisation that leads work for."""

    class Relationship(models.TextChoices):
        NONE = "none", "None"
        PROSPECT = "prospect", "Prospect"
        OPPORTUNITY = "opportunity", "Open opportunity"
        CUSTOMER = "customer", "Customer"
        FORMER = "former", "Former customer"
        PARTNER = "partner", "Partner"
        COMPETITOR = "competitor", "Competitor"

    # What a rep must know of a company before writing to anybody there.
    FLAGGED = (Relationship.OPPORTUNITY, Relationship.CUSTOMER, Relationship.COMPETITOR)

    LEARNED = (
        "name",
        "domain",
        "employees",
        "industry",
        "country",
        "relationship",
        "market_segment",
        "revenue",
        "revenue_currency",
        "funding_stage",
        "tech_stack",
        "competitor_in_use",
        "parent",
    )

    name = models.CharField(max_length=200)
    domain = models.CharField(
        max_length=253,
        blank=True,
        default="",
        help_text="Web domain without www, for example example.com.",
    )
    employees = models.PositiveIntegerField(null=True, blank=True)
    industry = models.CharField(max_length=100, blank=True, default="")
    country = models.CharField(
        max_length=2, blank=True, default="", help_text="ISO 3166 code of two letters."
    )
    relationship = models.CharField(
        max_length=12, choices=Relationship, default=Relationship.NONE, blank=True
    )
    market_segment = models.CharField(max_length=60, blank=True, default="")
    revenue = models.BigIntegerField(
        null=True, blank=True, help_text="A year, in whole units of the currency."
    )
    revenue_currency = models.CharField(
        max_length=3, blank=True, default="", help_text="ISO 4217 code of three letters."
    )
    funding_stage = models.CharField(max_length=40, blank=True, default="")
    tech_stack = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    competitor_in_use = models.CharField(max_length=100, blank=True, default="")
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries"
    )
    account_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="accounts"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                Lower("domain"), condition=~Q(domain=""), name="leads_one_company_per_domain"
            ),
        ]
        # As the look-up without regard to case asks: intake finds companies without a domain so.
        indexes = [models.Index(Upper("name"), name="leads_company_by_name")]

    def __str__(self):
        return self.name

    @property
    def is_flagged(self):
        return self.relationship in self.FLAGGED

    def is_gap(self, name):
        """As for every Learner; a company of which the domain alone is known is called by it."""
        return super().is_gap(name) or (name == "name" and self.name == self.domain)

    def learn(self, values, **kwargs):
        """Take over what is known and new, as `Learner.learn` does.

        Rules ask for it, so everybody who works here, or in a company below, is scored anew.
        """
        changed = super().learn(values, **kwargs)
        if changed:
            self.ask_for_scores([self])
        return changed

    @staticmethod
    def ask_for_scores(companies):
        """Have everybody scored anew who works in these companies, or in one below them."""
        leads = apps.get_model("leads", "Lead").objects
        Pending.objects.ask_for(leads.filter(company__in=companies))
        Pending.objects.ask_for(leads.filter(company__parent__in=companies))
