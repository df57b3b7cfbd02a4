from functools import partial

from django.db import migrations

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

GRANTS = {
    MARKETER: [("play", EDIT)],
    MANAGER: [("play", VIEW)],
    REVOPS: [("play", VIEW)],
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0054_plays")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        )
    ]
