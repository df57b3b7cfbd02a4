from functools import partial

from django.db import migrations

from leads.roles import MANAGER, REVOPS, grant

GRANTS = {MANAGER: ["view_health"], REVOPS: ["view_health", "be_told_of_leaks"]}


class Migration(migrations.Migration):
    dependencies = [("reporting", "0003_invariant_checks"), ("leads", "0005_roles")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="reporting", grants=GRANTS), migrations.RunPython.noop
        )
    ]
