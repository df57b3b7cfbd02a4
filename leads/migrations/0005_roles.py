from functools import partial

from django.db import migrations

from leads.roles import ADD, EDIT, MANAGER, MARKETER, REP, REVOPS, TEAM_LEAD, VIEW, grant

DEFINITION = ("mqldefinition", "scoringrule")
SEGMENT = ("segment", "segmentcondition")
LOOKED_AT = (
    "lead",
    "company",
    "campaign",
    "score",
    "qualification",
    "event",
    "stagetransition",
    "fieldvalue",
    "lifecyclestage",
    "signal",
)
VIEW_ALL = [(model, VIEW) for model in (*LOOKED_AT, *DEFINITION, *SEGMENT)]

GRANTS = {
    REP: [],
    TEAM_LEAD: [],
    MARKETER: [
        "use_admin",
        "view_every_lead",
        "publish_mqldefinition",
        "approve_for_marketing",
        *VIEW_ALL,
        *[(model, EDIT) for model in (*DEFINITION, *SEGMENT)],
        *[(model, ADD) for model in ("signal", "campaign")],
    ],
    MANAGER: [
        "use_admin",
        "view_every_lead",
        "approve_for_sales",
        *VIEW_ALL,
        *[(model, EDIT) for model in SEGMENT],
    ],
    REVOPS: [
        "use_admin",
        "view_every_lead",
        "invite_user",
        *VIEW_ALL,
        *[(model, EDIT) for model in SEGMENT],
        *[(model, ADD) for model in ("signal", "source", "sourcetoken", "user")],
        ("delivery", ("view", "change")),
        ("identity", VIEW),
        ("lifecyclestage", ("view", "change")),
    ],
}


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0004_lifecycle_stages"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        )
    ]
