from datetime import date
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.db import models

from leads.models.user import validate_zone
from routing.hours import BusinessCalendar

WEEK = {str(day): [["09:00", "17:00"]] for day in range(5)}


def office_week():
    """Return Monday to Friday, nine to five."""
    return dict(WEEK)


class Calendar(models.Model):
    """When somebody works. Its hours are in its versions; the newest one holds."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self):
        return self.name

    def current(self):
        """Return the newest version. Raise CalendarVersion.DoesNotExist before the first."""
        return self.versions.latest("number")


class CalendarVersion(models.Model):
    """A calendar's hours as they were agreed at one time. Versions never change."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    zone = models.CharField("time zone", max_length=50, default="UTC", validators=[validate_zone])
    weekly = models.JSONField(
        default=office_week,
        help_text='Weekday (0 is Monday) to spans: {"0": [["09:00", "12:30"], ["13:30", "18:00"]]}',
    )
    holidays = models.JSONField(
        default=list, blank=True, help_text='Closed days: ["2026-12-25", "2027-01-01"].'
    )
    exceptions = models.JSONField(
        default=dict,
        blank=True,
        help_text='Days with hours of their own: {"2026-12-24": [["09:00", "12:00"]]}.',
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        get_latest_by = "number"
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "number"], name="routing_one_calendar_version_per_number"
            ),
        ]

    def __str__(self):
        return f"{self.calendar} v{self.number}"

    def save(self, *args, **kwargs):
        if self.number is None:
            last = self.calendar.versions.order_by("-number").first()
            self.number = last.number + 1 if last else 1
        super().save(*args, **kwargs)

    def clean(self):
        try:
            self.build()
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ValidationError({"weekly": f"These hours cannot be read: {error}"}) from None

    def build(self):
        """Return the hours as a value. Raise ValueError (or a kin) where they make no sense."""
        return BusinessCalendar(
            self.zone,
            {int(day): [tuple(span) for span in spans] for day, spans in self.weekly.items()},
            frozenset(date.fromisoformat(day) for day in self.holidays),
            {
                date.fromisoformat(day): [tuple(span) for span in spans]
                for day, spans in self.exceptions.items()
            },
        )

    def hours(self):
        """Return the hours as a value; versions never change, so it is built once a process."""
        return _hours(self.pk)


@lru_cache(maxsize=200)
def _hours(pk):
    return CalendarVersion.objects.get(pk=pk).build()
