from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.db import models, transaction

from leads.models.user import validate_zone
from routing.hours import BusinessCalendar, NeverOpen
from routing.public_holidays import horizon, public_holidays

WEEK = {str(day): [["09:00", "17:00"]] for day in range(5)}


def office_week():
    """Return Monday to Friday, nine to five."""
    return dict(WEEK)


@dataclass(frozen=True)
class Day:
    """A local date: its own spans, and why they are what they are."""

    USUAL, OFF, HOLIDAY, EXCEPTION = "usual", "off", "holiday", "exception"

    date: date
    spans: list
    kind: str
    name: str = ""  # of the holiday, also where it has hours of its own


class CalendarQuerySet(models.QuerySet):
    def extend_public_holidays(self, *, today):
        """Give calendars that follow a country one more year of its holidays; return how many.

        Each gets a new version with the hours it has; clocks keep the one they started with.
        """
        extended = 0
        for pk in self.values_list("pk", flat=True):
            with transaction.atomic():
                calendar = Calendar.objects.select_for_update().get(pk=pk)
                extended += calendar.extend(today=today)
        return extended


class Calendar(models.Model):
    """When somebody works. Its hours are in its versions; the newest one holds."""

    name = models.CharField(max_length=80, unique=True)

    objects = CalendarQuerySet.as_manager()

    def __str__(self):
        return self.name

    def extend(self, *, today):
        """Make a version that knows the public holidays up to the horizon; False if one does."""
        newest = self.versions.first()
        if newest is None or newest.public_until is None or newest.public_until >= horizon(today):
            return False
        hours = {
            name: getattr(newest, name) for name in ("zone", "weekly", "holidays", "exceptions")
        }
        version = CalendarVersion(calendar=self, **hours)
        version.observe(newest.country, newest.region, today=today)
        version.save()
        return True

    def current(self):
        """Return the newest version. Raise CalendarVersion.DoesNotExist before the first."""
        return self.versions.latest("number")


class CalendarVersion(models.Model):
    """A calendar's hours as they were agreed at one time. Versions never change."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    zone = models.CharField("time zone", max_length=50, default="UTC", validators=[validate_zone])
    weekly = models.JSONField(
        default=office_week, help_text="Weekday (0 is Monday) to spans of open time."
    )
    country = models.CharField(max_length=2, blank=True, editable=False)
    region = models.CharField(max_length=40, blank=True, editable=False)
    public_holidays = models.JSONField(
        default=dict,
        editable=False,
        help_text="The country's holidays as they were known: ISO date to name.",
    )
    public_until = models.DateField(
        null=True, editable=False, help_text="The last day for which they were known."
    )
    holidays = models.JSONField(
        "own days off", default=dict, blank=True, help_text="ISO date to name."
    )
    exceptions = models.JSONField(
        "days with hours of their own", default=dict, blank=True, help_text="ISO date to spans."
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
        if isinstance(self.holidays, list):  # days off without names
            self.holidays = dict.fromkeys(self.holidays, "")
        if self.number is None:
            last = self.calendar.versions.order_by("-number").first()
            self.number = last.number + 1 if last else 1
        super().save(*args, **kwargs)

    def clean(self):
        try:
            self.build()
        except NeverOpen as error:
            column = "holidays" if any(self.weekly.values()) else "weekly"
            raise ValidationError({column: str(error)}) from None
        except ValueError as error:
            raise ValidationError({"weekly": str(error)}) from None

    def observe(self, country, region, *, today):
        """Take over the public holidays of a place, as they are known today; "" for none.

        They are written into the version, so that it explains a deadline years later as it was.
        """
        self.country, self.region = country, region
        self.public_holidays, self.public_until = {}, None
        if country:
            self.public_holidays = public_holidays(country, region, today=today)
            self.public_until = horizon(today)

    @property
    def days_off(self):
        """Every day off with its name, public and own, by ISO date; an own name wins."""
        return self.public_holidays | self.holidays

    def day(self, day):
        """Return what the version says of a local date, as a Day."""
        text = day.isoformat()
        if text in self.exceptions:
            return Day(day, self.exceptions[text], Day.EXCEPTION, self.days_off.get(text, ""))
        if text in self.days_off:
            return Day(day, [], Day.HOLIDAY, self.days_off[text])
        spans = self.weekly.get(str(day.weekday()), [])
        return Day(day, spans, Day.USUAL if spans else Day.OFF)

    def build(self):
        """Return the hours as a value. Raise ValueError, in words, where they make no sense."""
        return BusinessCalendar(
            self.zone,
            {int(day): [tuple(span) for span in spans] for day, spans in self.weekly.items()},
            frozenset(date.fromisoformat(day) for day in self.days_off),
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
