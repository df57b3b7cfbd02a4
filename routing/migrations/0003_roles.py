from functools import partial

from django.db import migrations

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

WORK = ("handoff", "assignment", "decision", "touch", "rejection")
SETUP = ("team", "rep", "pool", "calendar", "calendarversion", "ruleset", "rule", "rejectionreason")
VIEW_ALL = [(model, VIEW) for model in (*WORK, *SETUP)]

GRANTS = {
    MARKETER: ["view_every_handoff", *VIEW_ALL],
    MANAGER: [
        "view_every_handoff",
        *VIEW_ALL,
        ("calendar", ("view", "add", "change")),
        ("calendarversion", ("view", "add")),
    ],
    REVOPS: [
        "view_every_handoff",
        "publish_ruleset",
        *VIEW_ALL,
        *[(model, EDIT) for model in ("ruleset", "rule")],
        *[(model, ("add", "change")) for model in ("team", "rep", "pool", "rejectionreason")],
        ("calendar", ("view", "add", "change")),
        ("calendarversion", ("view", "add")),
    ],
}


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_rejection_reasons"), ("leads", "0005_roles")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="routing", grants=GRANTS), migrations.RunPython.noop
        )
    ]
