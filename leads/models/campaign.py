from django.db import models
from django.db.models.functions import Lower


class Campaign(models.Model):
    """A marketing campaign that leads come from."""

    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="leads_one_campaign_per_name"),
        ]

    def __str__(self):
        return self.name
