from functools import partial

import django.contrib.postgres.fields
from django.db import migrations, models

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

GRANTS = {
    MARKETER: [("valuelist", EDIT)],
    MANAGER: [("valuelist", VIEW)],
    REVOPS: [("valuelist", EDIT)],
}
EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
GROUPS = {
    "DACH": ("Germany, Austria and Switzerland.", "DE AT CH"),
    "Benelux": ("Belgium, the Netherlands and Luxembourg.", "BE NL LU"),
    "Nordics": ("Denmark, Finland, Iceland, Norway and Sweden.", "DK FI IS NO SE"),
    "Baltics": ("Estonia, Latvia and Lithuania.", "EE LV LT"),
    "UK and Ireland": ("The United Kingdom and Ireland.", "GB IE"),
    "European Union": ("The 27 member states.", EU),
    "European Economic Area": (
        "The European Union with Iceland, Liechtenstein and Norway.",
        f"{EU} IS LI NO",
    ),
    "North America": ("Canada, Mexico and the United States.", "CA MX US"),
    "Australia and New Zealand": ("Australia and New Zealand.", "AU NZ"),
}


def add_groups(apps, schema_editor):
    ValueList = apps.get_model("leads", "ValueList")
    for name, (description, codes) in GROUPS.items():
        ValueList.objects.create(
            name=name, description=description, kind="country", values=codes.split()
        )


class Migration(migrations.Migration):
    dependencies = [("leads", "0023_enrichment_roles")]
    operations = [
        migrations.CreateModel(
            name="ValueList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Rules name it. It cannot be changed later.",
                        max_length=80,
                        unique=True,
                    ),
                ),
                ("description", models.CharField(blank=True, default="", max_length=300)),
                (
                    "kind",
                    models.CharField(
                        choices=[("text", "Texts"), ("country", "Countries")],
                        default="text",
                        help_text="Countries are kept as their codes of two letters, whichever way you write them.",
                        max_length=8,
                        verbose_name="holds",
                    ),
                ),
                (
                    "values",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), size=None
                    ),
                ),
            ],
            options={
                "verbose_name": "list",
                "ordering": ["name"],
            },
        ),
        migrations.RunPython(add_groups, migrations.RunPython.noop),
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
