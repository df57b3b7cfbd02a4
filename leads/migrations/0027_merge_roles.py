from functools import partial

from django.db import migrations

from leads.roles import MANAGER, MARKETER, REP, REVOPS, TEAM_LEAD, VIEW, grant

LISTS = [("duplicate", VIEW), ("merge", VIEW)]
GRANTS = {
    # Whoever works leads may say that two of those they see are one person.
    REP: ["merge_leads"],
    TEAM_LEAD: ["merge_leads"],
    MARKETER: ["merge_leads", *LISTS],
    MANAGER: LISTS,
    REVOPS: ["merge_leads", *LISTS],
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0026_merges")]
    operations = [
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
