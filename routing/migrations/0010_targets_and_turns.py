import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0036_derived_values"),
        ("routing", "0009_named_days_off"),
    ]

    operations = [
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="2 gets twice as many leads as 1. 0 gets none by turns.",
                    ),
                ),
                ("credit", models.FloatField(default=0, editable=False)),
                ("turns", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "last_turn",
                    models.PositiveBigIntegerField(
                        default=0,
                        editable=False,
                        help_text="The number of the pool's turn; 0: none yet.",
                    ),
                ),
                ("last_turn_at", models.DateTimeField(editable=False, null=True)),
                (
                    "present",
                    models.BooleanField(
                        editable=False,
                        help_text="Whether they could take turns when the latest was taken. Empty: never asked.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Territory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Where two territories overlap, the lower number has the lead.",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "territories",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="decision",
            name="inputs",
            field=models.JSONField(
                default=dict, help_text="All that was looked at, see routing.inputs.Inputs."
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="nobody",
            field=models.BooleanField(
                default=False, help_text="It waits because nobody could take it, not to be claimed."
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="turns",
            field=models.PositiveBigIntegerField(
                default=0,
                editable=False,
                help_text="How many turns were taken; written by the router.",
            ),
        ),
        migrations.AddField(
            model_name="rep",
            name="daily_cap",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="On a day of their own time zone. Empty: no limit; 0: gets nothing.",
                null=True,
                verbose_name="most leads a day",
            ),
        ),
        migrations.AddField(
            model_name="rep",
            name="languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20),
                blank=True,
                default=list,
                help_text="Codes such as de, en. Asked for by rules that match the lead's language.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="rep",
            name="open_cap",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Gets no more while they hold so many. Empty: no limit; 0: gets nothing.",
                null=True,
                verbose_name="most open leads",
            ),
        ),
        migrations.AddField(
            model_name="rep",
            name="skills",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                blank=True,
                default=list,
                help_text="What they know, in the words that rules ask for: healthcare, public sector.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="daily_cap",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Where it is tighter than the rep's.",
                null=True,
                verbose_name="most leads a day",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="is_active",
            field=models.BooleanField(
                default=True,
                help_text="A rule that is not in force stays for later.",
                verbose_name="in force",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="match_language",
            field=models.BooleanField(
                default=False,
                help_text="Where it is known.",
                verbose_name="only who speaks the lead's language",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="open_cap",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Where it is tighter than the rep's.",
                null=True,
                verbose_name="most open leads",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="otherwise",
            field=models.CharField(
                choices=[("stop", "It waits in the pool"), ("next", "The next rule is tried")],
                default="stop",
                help_text="Nobody of those who are asked is there, within the limits.",
                max_length=4,
                verbose_name="when nobody can",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="rep",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="routing.rep",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="skills",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                blank=True,
                default=list,
                help_text="All of these, separated by commas.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="target",
            field=models.CharField(
                choices=[
                    ("pool", "A pool"),
                    ("territory", "Whoever has the territory"),
                    ("account_owner", "The account owner"),
                    ("previous_owner", "Who had the lead before"),
                    ("rep", "A named rep"),
                ],
                default="pool",
                max_length=14,
                verbose_name="goes to",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="working_hours",
            field=models.BooleanField(
                default=False,
                help_text="Of the rep's calendar.",
                verbose_name="only in working hours",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="method",
            field=models.CharField(
                choices=[
                    ("round_robin", "Round robin"),
                    ("weighted", "Weighted turns"),
                    ("least_open", "Least open work"),
                    ("claim", "Claim from the pool"),
                ],
                default="round_robin",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="pool",
            field=models.ForeignKey(
                blank=True,
                help_text="Where the lead goes or waits. Empty, where there is a person: the catch-all.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="routing.pool",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="segment",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: every lead.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.segment",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["rep", "started_at"], name="routing_assignment_of_day"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["decided_at", "id"], name="routing_decision_in_order"),
        ),
        migrations.AddField(
            model_name="seat",
            name="pool",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="seats", to="routing.pool"
            ),
        ),
        migrations.AddField(
            model_name="seat",
            name="rep",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="seats", to="routing.rep"
            ),
        ),
        migrations.AddField(
            model_name="territory",
            name="backup",
            field=models.ForeignKey(
                blank=True,
                help_text="Gets them when the primary cannot.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="routing.rep",
            ),
        ),
        migrations.AddField(
            model_name="territory",
            name="pool",
            field=models.ForeignKey(
                help_text="Has them when neither can.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="routing.pool",
            ),
        ),
        migrations.AddField(
            model_name="territory",
            name="primary",
            field=models.ForeignKey(
                blank=True,
                help_text="Gets its leads. Empty: the pool does.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="routing.rep",
            ),
        ),
        migrations.AddField(
            model_name="territory",
            name="segment",
            field=models.ForeignKey(
                help_text="Countries, regions, postal codes, company sizes, industries or lists.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.segment",
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.UniqueConstraint(
                fields=("pool", "rep"), name="routing_one_seat_per_rep"
            ),
        ),
    ]
