from functools import partial

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

GRANTS = {
    MARKETER: [("absence", VIEW)],
    MANAGER: [("absence", EDIT)],
    REVOPS: [("absence", EDIT)],
}


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0005_versions_share_their_shape"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                (
                    "ends_at",
                    models.DateTimeField(
                        help_text="From this moment they are back.", verbose_name="until"
                    ),
                ),
                (
                    "on_open_work",
                    models.CharField(
                        choices=[
                            ("stays", "Stays with them"),
                            ("cover", "Goes to the cover"),
                            ("pool", "Goes back to the pool"),
                        ],
                        default="stays",
                        help_text="What becomes of the leads that they hold when the absence begins.",
                        max_length=5,
                        verbose_name="open work",
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                (
                    "begun_at",
                    models.DateTimeField(
                        editable=False, help_text="When open work was dealt with; once.", null=True
                    ),
                ),
                (
                    "returned_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When they were told what others hold of theirs; once.",
                        null=True,
                    ),
                ),
                (
                    "cover",
                    models.ForeignKey(
                        blank=True,
                        help_text="Gets what would have been theirs. Empty: the others of the team do, by turns.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covering",
                        to="routing.rep",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to="routing.rep",
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("begun_at", None)),
                        fields=["starts_at"],
                        name="routing_absence_to_begin",
                    ),
                    models.Index(
                        condition=models.Q(("returned_at", None)),
                        fields=["ends_at"],
                        name="routing_absence_to_end",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="routing_absence_ends_after_it_starts",
                        violation_error_message="It ends before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cover", None),
                            models.Q(("cover", models.F("rep")), _negated=True),
                            _connector="OR",
                        ),
                        name="routing_nobody_covers_themselves",
                        violation_error_message="Nobody can cover for themselves.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("on_open_work", "cover"), _negated=True),
                            ("cover__isnull", False),
                            _connector="OR",
                        ),
                        name="routing_open_work_goes_to_somebody",
                        violation_error_message="Choose who gets the open work.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("rep"),
                                    models.F("rep"),
                                    models.Value("[]"),
                                    function="int8range",
                                    output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField(),
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("starts_at"),
                                    models.F("ends_at"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="routing_one_absence_at_a_time",
                        violation_error_message="They are away already in that time. Change that absence.",
                    ),
                ],
            },
        ),
        migrations.RunPython(
            partial(grant, app_label="routing", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
