from functools import partial

from django.db import migrations

from leads.roles import ADD, REVOPS, grant

GRANTS = {REVOPS: [("enrichmentprovider", ADD)]}


class Migration(migrations.Migration):
    dependencies = [("leads", "0022_enrichment")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
