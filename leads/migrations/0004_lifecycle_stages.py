from django.db import migrations

STAGES = [
    ("lead", "Lead", "Converted or showed interest beyond subscribing.", "Marketing"),
    (
        "mql",
        "MQL",
        "Meets the definition that marketing and sales agreed on; handed to sales.",
        "The rep it is routed to",
    ),
    (
        "sql",
        "SQL",
        "Vetted by sales as a real prospect: budget, authority, need and timeline.",
        "The rep who qualified it",
    ),
    ("opportunity", "Opportunity", "An open deal with an amount.", "The closer"),
    ("customer", "Customer", "A deal was won.", "Customer success"),
]


def make_stages(apps, schema_editor):
    Stage = apps.get_model("leads", "LifecycleStage")
    for position, (key, label, definition, owner) in enumerate(STAGES, start=1):
        Stage.objects.create(
            key=key, position=position, label=label, definition=definition, next_step_owner=owner
        )


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_append_only_events")]
    operations = [migrations.RunPython(make_stages, migrations.RunPython.noop)]
