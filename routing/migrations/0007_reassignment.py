from functools import partial

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from leads.roles import MANAGER, REVOPS, grant

GRANTS = {role: ["reassign_every_handoff"] for role in (MANAGER, REVOPS)}


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0006_absence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reassignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reassigned", "Reassigned"),
                            ("transferred", "Transferred"),
                            ("handed_back", "Handed back"),
                            ("covered", "Moved for an absence"),
                            ("taken_back", "Taken back"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "absence",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="moved",
                        to="routing.absence",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "from_pool",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="routing.pool",
                    ),
                ),
                (
                    "from_rep",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="routing.rep",
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reassignments",
                        to="routing.handoff",
                    ),
                ),
                (
                    "to_pool",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="routing.pool",
                    ),
                ),
                (
                    "to_rep",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="routing.rep",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "permissions": [
                    ("reassign_every_handoff", "Can give every handoff to somebody else")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("from_pool__isnull", False), ("from_rep", None)),
                            models.Q(("from_pool", None), ("from_rep__isnull", False)),
                            _connector="OR",
                        ),
                        name="routing_reassigned_from_rep_or_pool",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("to_rep", None), ("to_pool", None), _connector="OR"),
                        name="routing_reassigned_to_one_place",
                    ),
                ],
            },
        ),
        migrations.RunPython(
            partial(grant, app_label="routing", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
