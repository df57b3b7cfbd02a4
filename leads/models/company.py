from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads.models.field_value import Learner


class Company(Learner):
    """An organisation that leads work for."""

    class Relationship(models.TextChoices):
        NONE = "none", "None"
        PROSPECT = "prospect", "Prospect"
        CUSTOMER = "customer", "Customer"
        FORMER = "former", "Former customer"
        PARTNER = "partner", "Partner"

    LEARNED = ("name", "domain", "employees", "industry", "country", "relationship")

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
        max_length=10, choices=Relationship, default=Relationship.NONE, blank=True
    )
    account_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="accounts"
    )
    attributes = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                Lower("domain"), condition=~Q(domain=""), name="leads_one_company_per_domain"
            ),
        ]

    def __str__(self):
        return self.name
