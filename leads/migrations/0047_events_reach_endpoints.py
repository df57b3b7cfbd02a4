from functools import partial

from django.db import migrations

from leads.roles import ADD, REVOPS, grant

# One statement for each statement that records events, however many they are; where no endpoint is
# active it finds an empty table and ends.
SQL = """
CREATE FUNCTION leads_event_reaches_endpoints() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_delivery (event_id, channel, endpoint_id, address, payload, state,
                                available_at, bundled, attempts, last_error)
    SELECT told.id, 'webhook', endpoint.id, endpoint.name,
           jsonb_build_object('subject', told.kind, 'body', '', 'url', ''), 'pending',
           told.happened_at, false, 0, ''
    FROM leads_endpoint AS endpoint
    JOIN told ON told.kind = ANY(endpoint.event_types)
    WHERE endpoint.is_active;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_event_reaches_endpoints AFTER INSERT ON leads_event
    REFERENCING NEW TABLE AS told
    FOR EACH STATEMENT EXECUTE FUNCTION leads_event_reaches_endpoints();
"""
UNDO = """
DROP TRIGGER leads_event_reaches_endpoints ON leads_event;
DROP FUNCTION leads_event_reaches_endpoints();
"""
GRANTS = {REVOPS: [("endpoint", ADD), ("endpointsecret", ADD)]}


class Migration(migrations.Migration):
    dependencies = [("leads", "0046_endpoints")]
    operations = [
        migrations.RunSQL(SQL, UNDO),
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
