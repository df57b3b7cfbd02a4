from functools import partial

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

GRANTS = {
    MARKETER: [("mapping", EDIT)],
    MANAGER: [("mapping", VIEW)],
    REVOPS: [("mapping", EDIT)],
}


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0034_signal_revisions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "field",
                    models.CharField(
                        choices=[
                            ("industry", "Industry"),
                            ("seniority", "Seniority"),
                            ("department", "Department"),
                            ("lead_source", "Source"),
                            ("channel", "Channel"),
                            ("campaign", "Campaign"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "said",
                    models.CharField(
                        help_text="As senders write it; capital letters do not count.",
                        max_length=120,
                        verbose_name="input",
                    ),
                ),
                ("key", models.CharField(editable=False, max_length=400)),
                (
                    "means",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="What is stored instead. The input itself, if it is right as it is.",
                        max_length=120,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("mapped", "Mapped"), ("ignored", "Left as it is")],
                        default="mapped",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="decided")),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "vocabulary",
                "ordering": ["field", "said"],
            },
        ),
        migrations.CreateModel(
            name="Remapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "last_id",
                    models.BigIntegerField(default=0, help_text="Rows up to this id are done."),
                ),
                ("changed", models.PositiveIntegerField(default=0)),
                (
                    "mapping",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="remapping",
                        to="leads.mapping",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="mapping",
            constraint=models.UniqueConstraint(
                fields=("field", "key"), name="leads_one_mapping_per_input"
            ),
        ),
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
