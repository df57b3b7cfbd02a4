from functools import partial

from django.db import migrations

from leads.roles import MANAGER, MARKETER, REVOPS, VIEW, grant

IMPORT = [("import", ("view", "add"))]
GRANTS = {MARKETER: IMPORT, MANAGER: [("import", VIEW)], REVOPS: IMPORT}


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_imports")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
