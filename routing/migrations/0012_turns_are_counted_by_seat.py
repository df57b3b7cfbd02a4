from functools import partial

from django.db import migrations

from leads.roles import EDIT, MANAGER, MARKETER, REVOPS, VIEW, grant

READ = [("seat", VIEW), ("territory", VIEW)]
GRANTS = {
    MARKETER: READ,
    MANAGER: READ,
    REVOPS: [*READ, ("seat", ("change",)), ("territory", EDIT)],
}


class Migration(migrations.Migration):
    dependencies = [("routing", "0011_seats_from_the_latest_turn")]
    operations = [
        migrations.RemoveField("pool", "last_turn"),
        migrations.RunPython(
            partial(grant, app_label="routing", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
