from functools import partial

from django.db import migrations

from leads.models.guide import USUAL
from leads.roles import ADD, EDIT, MANAGER, MARKETER, REVOPS, TEAM_LEAD, VIEW, grant

PARTS = ("bucketguide", "example")  # edited with the definition
LOOKED_AT = ("approval", "nurturetrack", *PARTS)
VIEW_ALL = [(model, VIEW) for model in LOOKED_AT]

GRANTS = {
    # Team leads sign for sales, so they read what they sign; they have no admin.
    TEAM_LEAD: ["approve_for_sales", ("mqldefinition", VIEW), *VIEW_ALL],
    MARKETER: [
        "decide_qualification",
        *VIEW_ALL,
        *[(model, EDIT) for model in PARTS],
        ("nurturetrack", ADD),
    ],
    MANAGER: VIEW_ALL,
    REVOPS: VIEW_ALL,
}
TRACK = ("General nurture", "Stays on the newsletter and is invited to what fits.")


def add_a_track(apps, schema_editor):
    """A definition needs a destination for rejected leads: there is one to choose."""
    apps.get_model("leads", "NurtureTrack").objects.get_or_create(
        name=TRACK[0], defaults={"description": TRACK[1]}
    )


def add_guides_to_drafts(apps, schema_editor):
    """Drafts begun before there were buckets' guides get the usual words, as new ones do."""
    guides = apps.get_model("leads", "BucketGuide")
    for draft in apps.get_model("leads", "MQLDefinition").objects.filter(state="draft"):
        for bucket, (do, dont) in USUAL.items():
            guides.objects.get_or_create(
                definition=draft, bucket=bucket, defaults={"do": do, "dont": dont}
            )


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_sign_off")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
        migrations.RunPython(add_a_track, migrations.RunPython.noop),
        migrations.RunPython(add_guides_to_drafts, migrations.RunPython.noop),
    ]
