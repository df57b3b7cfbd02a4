import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0037_unread_country"),
        ("routing", "0005_versions_share_their_shape"),
        ("sla", "0004_versions_share_their_shape"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cause", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField()),
                ("limit_at", models.DateTimeField(help_text="It ends by itself then.")),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["started_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "clock",
                    models.CharField(
                        choices=[
                            ("review", "Review"),
                            ("accept", "Accept"),
                            ("first_touch", "First touch"),
                            ("qualify", "Qualify"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("before", "before the deadline"),
                            ("at", "at the deadline"),
                            ("after", "after the deadline"),
                        ],
                        default="at",
                        max_length=6,
                    ),
                ),
                ("minutes", models.PositiveIntegerField(default=0, help_text="0 at the deadline.")),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("business", "business minutes"),
                            ("wall", "minutes by the wall clock"),
                        ],
                        default="business",
                        max_length=8,
                        verbose_name="counted in",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("remind", "Remind the owner"),
                            ("manager", "Tell the manager"),
                            ("people", "Tell these people"),
                            ("backup", "Move to the backup"),
                            ("pool", "Move to the pool"),
                            ("rotation", "Take the silent rep out of rotation"),
                            ("webhook", "Call webhooks"),
                            ("release", "Release the lead"),
                            ("decline", "Decline the lead"),
                        ],
                        default="remind",
                        max_length=8,
                        verbose_name="do",
                    ),
                ),
            ],
            options={
                "ordering": [
                    "clock",
                    models.Case(
                        models.When(
                            then=django.db.models.expressions.CombinedExpression(
                                models.F("minutes"), "*", models.Value(-1)
                            ),
                            when="before",
                        ),
                        models.When(then=models.F("minutes"), when="after"),
                        default=models.Value(0),
                        output_field=models.IntegerField(),
                    ),
                    "pk",
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="escalation",
            options={"ordering": ["noticed_at", "due_at", "pk"]},
        ),
        migrations.RemoveConstraint(
            model_name="target",
            name="sla_target_minutes_make_sense",
        ),
        migrations.AddField(
            model_name="clock",
            name="bound",
            field=models.BooleanField(default=False, help_text="The outer bound comes first."),
        ),
        migrations.AddField(
            model_name="clock",
            name="bound_due_at",
            field=models.DateTimeField(help_text="By the target's outer bound.", null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="target_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="unit",
            field=models.CharField(
                choices=[
                    ("business", "business minutes"),
                    ("wall", "minutes by the wall clock"),
                    ("end_of_day", "end of the business day"),
                ],
                default="business",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="event",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.event",
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="outcome",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What came of it, where it did something.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="calendar_of",
            field=models.CharField(
                choices=[("rep", "The rep's own, else their team's"), ("team", "The team's")],
                default="rep",
                help_text="Whose working hours count. In a pool the team's do.",
                max_length=4,
                verbose_name="calendar",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="pause_hours",
            field=models.PositiveSmallIntegerField(
                default=16,
                help_text="Working hours for which a rep may wait for the lead, in all. 0: no pauses.",
                verbose_name="longest pause",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="review_calendar",
            field=models.ForeignKey(
                blank=True,
                help_text="The marketers' working hours, in which a review before the handoff counts.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="routing.calendar",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="review_lead",
            field=models.ForeignKey(
                blank=True,
                help_text="Is told about late reviews where a step tells the manager.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="marketing lead",
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="bound_hours",
            field=models.PositiveSmallIntegerField(default=24, verbose_name="at latest"),
        ),
        migrations.AddField(
            model_name="target",
            name="bound_unit",
            field=models.CharField(
                choices=[
                    ("working_days", "hours of working days"),
                    ("wall", "hours by the wall clock"),
                    ("none", "no limit"),
                ],
                default="none",
                help_text="Days off and holidays count nothing in hours of working days.",
                max_length=12,
                verbose_name="limit counted in",
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="cut_off",
            field=models.PositiveSmallIntegerField(
                default=120,
                help_text="End of the day: what comes with less than so many open minutes left is due at the end of the next business day.",
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="unit",
            field=models.CharField(
                choices=[
                    ("business", "business minutes"),
                    ("wall", "minutes by the wall clock"),
                    ("end_of_day", "end of the business day"),
                ],
                default="business",
                max_length=12,
                verbose_name="counted in",
            ),
        ),
        migrations.AlterField(
            model_name="clock",
            name="due_at",
            field=models.DateTimeField(help_text="The earlier one of the next two."),
        ),
        migrations.AlterField(
            model_name="clock",
            name="kind",
            field=models.CharField(
                choices=[
                    ("review", "Review"),
                    ("accept", "Accept"),
                    ("first_touch", "First touch"),
                    ("qualify", "Qualify"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="clock",
            name="target_minutes",
            field=models.PositiveIntegerField(help_text="Counted from the start, in its unit."),
        ),
        migrations.AlterField(
            model_name="escalation",
            name="step",
            field=models.CharField(max_length=40),
        ),
        migrations.AlterField(
            model_name="policy",
            name="position",
            field=models.PositiveSmallIntegerField(
                default=0,
                editable=False,
                help_text="Policies are tried in this order; the first that fits holds.",
                verbose_name="order",
            ),
        ),
        migrations.AlterField(
            model_name="target",
            name="clock",
            field=models.CharField(
                choices=[
                    ("review", "Review"),
                    ("accept", "Accept"),
                    ("first_touch", "First touch"),
                    ("qualify", "Qualify"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="target",
            name="minutes",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Minutes. Empty for the end of the day.",
                null=True,
                verbose_name="within",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("minutes__gte", 1), ("minutes__lte", 86400)),
                    models.Q(("minutes", None), ("unit", "end_of_day")),
                    _connector="OR",
                ),
                name="sla_target_minutes_make_sense",
                violation_error_message="Say within how many minutes, from 1 to sixty days.",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("bound_unit", "none"),
                    models.Q(("bound_hours__gte", 1), ("bound_hours__lte", 1440)),
                    _connector="OR",
                ),
                name="sla_target_bound_makes_sense",
                violation_error_message="The limit is from 1 to 1,440 hours; or choose no limit.",
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="clock",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="pauses", to="sla.clock"
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="ended_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="step",
            name="people",
            field=models.ManyToManyField(
                blank=True,
                help_text="Whom to tell, where the step tells people by name.",
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="step",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="sla.policy"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("clock",),
                name="sla_one_open_pause_per_clock",
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None), ("ended_at__gte", models.F("started_at")), _connector="OR"
                ),
                name="sla_pause_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(
                fields=("policy", "clock", "when", "minutes", "unit", "action"),
                name="sla_one_step_of_a_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("minutes", 0), ("when", "at")),
                    models.Q(
                        models.Q(("when", "at"), _negated=True),
                        ("minutes__gte", 1),
                        ("minutes__lte", 86400),
                    ),
                    _connector="OR",
                ),
                name="sla_step_minutes_make_sense",
                violation_error_message="Say how many minutes before or after the deadline it is, from 1 to sixty days; at the deadline it is 0.",
            ),
        ),
    ]
