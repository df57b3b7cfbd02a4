from functools import partial

from django.db import migrations

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, TEAM_LEAD, VIEW, grant

VIEW_ALL = [(model, VIEW) for model in ("policy", "target", "clock", "escalation")]

GRANTS = {
    TEAM_LEAD: ["view_board"],
    MARKETER: VIEW_ALL,
    MANAGER: [
        "view_board",
        "publish_policy",
        *VIEW_ALL,
        *[(model, EDIT) for model in ("policy", "target")],
    ],
    REVOPS: ["view_board", *VIEW_ALL],
}


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_first_path"), ("leads", "0005_roles")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="sla", grants=GRANTS), migrations.RunPython.noop
        )
    ]
