from django.db import models


class NurtureTrack(models.Model):
    """Where a lead goes that sales cannot use now: the care that marketing gives it meanwhile."""

    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(
        max_length=300, blank=True, default="", help_text="What such a lead gets, and how often."
    )
    is_active = models.BooleanField(default=True, help_text="New definitions may choose it.")

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name
