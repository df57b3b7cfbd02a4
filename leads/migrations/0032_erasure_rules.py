from functools import partial

from django.db import migrations

from leads.roles import REVOPS, VIEW, grant

# Events stay append-only, with two exceptions. A lead that only an import knew is removed when
# the import is taken back, and with it the event by which that import itself announced it. And
# when a person is erased, the causes and facts of their lead's events are emptied: what happened,
# to which lead, by whom and when stays.
EVENTS = """
CREATE OR REPLACE FUNCTION leads_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.kind = 'leads.received'
        AND OLD.data->>'import' = current_setting('handoff.undone_import', true) THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.lead_id::text = current_setting('handoff.erased_lead', true)
        AND NEW.cause = '' AND NEW.data <@ OLD.data
        AND (NEW.id, NEW.lead_id, NEW.kind, NEW.actor_id, NEW.happened_at)
            IS NOT DISTINCT FROM (OLD.id, OLD.lead_id, OLD.kind, OLD.actor_id, OLD.happened_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'events are added, never changed or deleted';
END $$;
"""
EVENTS_BEFORE = """
CREATE OR REPLACE FUNCTION leads_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.kind = 'leads.received'
        AND OLD.data->>'import' = current_setting('handoff.undone_import', true) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'events are added, never changed or deleted';
END $$;
"""
LEDGER = """
CREATE FUNCTION leads_erasureledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'erasures are added, never changed or deleted';
END $$;
CREATE TRIGGER leads_erasureledger_append_only BEFORE UPDATE OR DELETE ON leads_erasureledger
    FOR EACH ROW EXECUTE FUNCTION leads_erasureledger_is_append_only();
"""
LEDGER_BEFORE = """
DROP TRIGGER leads_erasureledger_append_only ON leads_erasureledger;
DROP FUNCTION leads_erasureledger_is_append_only();
"""
GRANTS = {REVOPS: ["erase_lead", "export_lead", ("erasureledger", VIEW)]}


class Migration(migrations.Migration):
    dependencies = [("leads", "0031_erasures")]
    operations = [
        migrations.RunSQL(EVENTS, EVENTS_BEFORE),
        migrations.RunSQL(LEDGER, LEDGER_BEFORE),
        migrations.RunPython(
            partial(grant, app_label="leads", grants=GRANTS), migrations.RunPython.noop
        ),
    ]
