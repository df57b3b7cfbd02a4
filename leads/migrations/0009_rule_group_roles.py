from functools import partial

from django.db import migrations

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

GRANTS = {
    MARKETER: [("rulegroup", EDIT)],
    MANAGER: [("rulegroup", VIEW)],
    REVOPS: [("rulegroup", VIEW)],
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0008_groups_and_half_life")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        )
    ]
