from functools import partial

from django.db import migrations, models

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

READS = [("step", VIEW), ("pause", VIEW)]
GRANTS = {
    MARKETER: READS,
    MANAGER: [("step", EDIT), ("pause", VIEW)],
    REVOPS: READS,
}


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_reminders_become_steps")]

    operations = [
        migrations.RemoveField(
            model_name="target",
            name="warn_minutes",
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bound", False), ("due_at", models.F("target_due_at"))),
                    models.Q(("bound", True), ("due_at", models.F("bound_due_at"))),
                    _connector="OR",
                ),
                name="sla_clock_is_due_by_target_or_bound",
            ),
        ),
        migrations.AlterField(
            model_name="clock",
            name="target_due_at",
            field=models.DateTimeField(help_text="By the target itself."),
        ),
        migrations.AlterField(
            model_name="target",
            name="bound_unit",
            field=models.CharField(
                choices=[
                    ("working_days", "hours of working days"),
                    ("wall", "hours by the wall clock"),
                    ("none", "no limit"),
                ],
                default="working_days",
                help_text="Days off and holidays count nothing in hours of working days.",
                max_length=12,
                verbose_name="limit counted in",
            ),
        ),
        migrations.RunPython(
            partial(grant, app_label="sla", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
