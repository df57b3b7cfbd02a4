from django.db import migrations, models

KINDS = [("call", "Call"), ("email", "E-mail"), ("meeting", "Meeting"), ("other", "Other")]


def field(default):
    return models.CharField(
        blank=True,
        choices=KINDS,
        default=default,
        help_text="What is planned for the owner when the lead becomes an SQL, due as any "
        "follow-up is. Empty: nothing.",
        max_length=13,
        verbose_name="next at SQL",
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0010_reports_and_acknowledgements")]

    operations = [
        # Versions that were published before plan nothing, and their rows say so.
        migrations.AddField("policy", "after_sql", field("")),
        migrations.AlterField("policy", "after_sql", field("meeting")),
    ]
