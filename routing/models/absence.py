from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import F, Func, Q, Value

from routing.models.team import Rep


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def away(self, at):
        """The absences that hold at this instant: one per rep at most.

        Each says who is away (`rep_id`), until when (`ends_at`) and who covers (`cover_id`).
        """
        return self.filter(starts_at__lte=at, ends_at__gt=at)

    def during(self, starts_at, ends_at):
        """The absences that hold at any instant of this range."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)

    def not_over(self, at):
        """The absences of now and later."""
        return self.filter(ends_at__gt=at)

    def visible_to(self, user):
        """A rep: those of their team. A team's manager: the team's. Who sees every handoff: all."""
        if user.has_perm("routing.view_every_handoff"):
            return self
        if not user.is_authenticated:
            return self.none()
        teams = Q(rep__team__manager=user) | Q(rep__team__reps__user=user)
        return self.filter(pk__in=Absence.objects.filter(teams).values("pk"))

    def changeable_by(self, user):
        """Those that this person may change: their own, their team's as its manager, or all."""
        if user.has_perm("routing.change_absence"):
            return self
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(rep__user=user) | Q(rep__team__manager=user))


class Absence(models.Model):
    """A rep is away from `starts_at` until just before `ends_at`, with or without a cover.

    Write it inside a transaction, after `full_clean()`, which waits for other writers until the
    transaction ends: so two absences that were each in order cannot make a circle of covers.
    """

    class OpenWork(models.TextChoices):
        STAYS = "stays", "Stays with them"
        COVER = "cover", "Goes to the cover"
        POOL = "pool", "Goes back to the pool"

    rep = models.ForeignKey(Rep, models.PROTECT, related_name="absences")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", help_text="From this moment they are back.")
    cover = models.ForeignKey(
        Rep,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="covering",
        help_text="Gets what would have been theirs. Empty: the others of the team do, by turns.",
    )
    on_open_work = models.CharField(
        "open work",
        max_length=5,
        choices=OpenWork,
        default=OpenWork.STAYS,
        help_text="What becomes of the leads that they hold when the absence begins.",
    )
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(
        "leads.User", models.PROTECT, null=True, editable=False, related_name="+"
    )
    begun_at = models.DateTimeField(
        null=True, editable=False, help_text="When open work was dealt with; once."
    )
    returned_at = models.DateTimeField(
        null=True, editable=False, help_text="When they were told what others hold of theirs; once."
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="routing_absence_ends_after_it_starts",
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(cover=None) | ~Q(cover=F("rep")),
                name="routing_nobody_covers_themselves",
                violation_error_message="Nobody can cover for themselves.",
            ),
            models.CheckConstraint(
                condition=~Q(on_open_work="cover") | Q(cover__isnull=False),
                name="routing_open_work_goes_to_somebody",
                violation_error_message="Choose who gets the open work.",
            ),
            # Ranges have this index built in; plain numbers would need an extension.
            ExclusionConstraint(
                name="routing_one_absence_at_a_time",
                expressions=[
                    (
                        Func(
                            F("rep"),
                            F("rep"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("starts_at"),
                            F("ends_at"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="They are away already in that time. Change that absence.",
            ),
        ]
        indexes = [
            # Read every minute: absences whose beginning or end nobody has dealt with yet.
            models.Index(
                fields=["starts_at"], condition=Q(begun_at=None), name="routing_absence_to_begin"
            ),
            models.Index(
                fields=["ends_at"], condition=Q(returned_at=None), name="routing_absence_to_end"
            ),
        ]

    def __str__(self):
        return f"{self.rep} is away"

    def is_on(self, at):
        """Whether the rep is away by this absence at this instant."""
        return self.starts_at <= at < self.ends_at

    def clean(self):
        if connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {self._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        if not self.starts_at or not self.ends_at:
            return
        if self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It ends before it begins."})
        if self.cover is None and self.on_open_work == self.OpenWork.COVER:
            raise ValidationError({"cover": "Choose who gets the open work."})
        if self.cover is not None and self.rep_id is not None:
            self._check_cover(self.cover)

    def _check_cover(self, cover):
        if cover == self.rep:
            raise ValidationError({"cover": "Nobody can cover for themselves."})
        if not cover.user.is_active:
            raise ValidationError({"cover": f"{cover} is no longer active."})
        circle = self._circle(cover, self.starts_at, self.ends_at, [self.rep])
        if circle:
            names = " covers ".join(str(rep) for rep in reversed(circle))
            said = f"They would cover for each other at the same time: {names}. Choose another."
            raise ValidationError({"cover": said})

    def _circle(self, cover, starts_at, ends_at, passed):
        """Return the reps of a circle of covers that closes within this range, or None."""
        if cover in passed:
            return [*passed, cover]
        others = Absence.objects.during(starts_at, ends_at).filter(rep=cover, cover__isnull=False)
        for other in others.exclude(pk=self.pk).select_related("cover__user"):
            both = max(starts_at, other.starts_at), min(ends_at, other.ends_at)
            found = self._circle(other.cover, *both, [*passed, cover])
            if found:
                return found
        return None
