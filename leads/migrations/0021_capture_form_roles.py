from functools import partial

from django.db import migrations

from leads.roles import ADD, MANAGER, MARKETER, REVOPS, VIEW, grant

OURS = ["captureform", "capturefield"]
FIELDS = ("capturefield", ("view", "add", "change", "delete"))
GRANTS = {
    MARKETER: [("captureform", ADD), FIELDS],
    MANAGER: [(name, VIEW) for name in OURS],
    REVOPS: [("captureform", ADD), FIELDS],
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_capture_forms")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
