from django.db import migrations

# Events stay append-only, with one exception: a lead that only an import knew is removed when the
# import is taken back, and with it the event by which that import itself announced it.
SQL = """
CREATE OR REPLACE FUNCTION leads_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.kind = 'leads.received'
        AND OLD.data->>'import' = current_setting('handoff.undone_import', true) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'events are added, never changed or deleted';
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION leads_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are added, never changed or deleted';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0018_import_roles")]
    operations = [migrations.RunSQL(SQL, BEFORE)]
