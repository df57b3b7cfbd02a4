from django.db import migrations, models

# What was known as opted out becomes consent to e-mail, in the lead and in its history.
SQL = """
UPDATE leads_lead SET email_consent = 'withdrawn' WHERE opted_out;
UPDATE leads_fieldvalue SET field = 'email_consent',
    value = CASE WHEN value = 'true'::jsonb THEN '"withdrawn"'::jsonb ELSE '""'::jsonb END
    WHERE field = 'opted_out';
"""
BACK = """
UPDATE leads_fieldvalue SET field = 'opted_out',
    value = CASE WHEN value = '"withdrawn"'::jsonb THEN 'true'::jsonb ELSE 'false'::jsonb END
    WHERE field = 'email_consent';
DELETE FROM leads_fieldvalue WHERE field IN ('phone_consent', 'do_not_contact');
"""
CHOICES = [("given", "Given"), ("withdrawn", "Withdrawn")]


class Migration(migrations.Migration):
    dependencies = [("leads", "0028_source_health")]
    operations = [
        migrations.AddField(
            "lead",
            "email_consent",
            models.CharField(
                "consent to e-mail", max_length=10, choices=CHOICES, blank=True, default=""
            ),
        ),
        migrations.AddField(
            "lead",
            "phone_consent",
            models.CharField(
                "consent to calls", max_length=10, choices=CHOICES, blank=True, default=""
            ),
        ),
        migrations.AddField(
            "lead",
            "do_not_contact",
            models.BooleanField(default=False, help_text="By any channel."),
        ),
        migrations.AlterField(
            "lead",
            "opted_out",
            models.BooleanField(
                "opted out of e-mail",
                default=False,
                editable=False,
                help_text="Consent to e-mail is withdrawn; set together with it.",
            ),
        ),
        migrations.AddField(
            "fieldvalue",
            "words",
            models.TextField(
                blank=True, default="", help_text="Of a consent: what exactly was agreed to."
            ),
        ),
        migrations.AddField(
            "captureform",
            "consent_to",
            models.CharField(
                "is consent to",
                max_length=5,
                choices=[("email", "E-mail"), ("phone", "Calls"), ("both", "E-mail and calls")],
                default="email",
                help_text="What somebody who ticks it agrees to.",
            ),
        ),
        migrations.RunSQL(SQL, BACK),
    ]
