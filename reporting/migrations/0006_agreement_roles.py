from functools import partial

from django.db import migrations

from leads.roles import MANAGER, MARKETER, grant

GRANTS = {MARKETER: ["revise_agreement"], MANAGER: ["revise_agreement"]}


class Migration(migrations.Migration):
    dependencies = [("reporting", "0005_agreement"), ("leads", "0005_roles")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="reporting", grants=GRANTS), migrations.RunPython.noop
        )
    ]
