from django.db import migrations

SQL = """
CREATE FUNCTION leads_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are added, never changed or deleted';
END $$;
CREATE TRIGGER leads_event_append_only BEFORE UPDATE OR DELETE ON leads_event
    FOR EACH ROW EXECUTE FUNCTION leads_event_is_append_only();
"""
UNDO = """
DROP TRIGGER leads_event_append_only ON leads_event;
DROP FUNCTION leads_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_partition_touchpoints")]
    operations = [migrations.RunSQL(SQL, UNDO)]
