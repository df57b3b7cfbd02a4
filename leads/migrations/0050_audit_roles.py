from functools import partial

from django.db import migrations

from leads.roles import MANAGER, MARKETER, REVOPS, TEAM_LEAD, grant

GRANTS = {
    TEAM_LEAD: ["audit_leads"],
    MARKETER: ["audit_settings"],
    MANAGER: ["audit_leads", "audit_settings"],
    REVOPS: ["audit_leads", "audit_settings"],
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0049_audit")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        )
    ]
