from functools import partial

from django.db import migrations

from leads.roles import ADD, MANAGER, MARKETER, REVOPS, VIEW, grant

GRANTS = {
    MARKETER: [("customfield", ADD)],
    MANAGER: [("customfield", VIEW)],
    REVOPS: [("customfield", ADD)],
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_wider_attributes")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        )
    ]
