from django.db import migrations

SQL = """
ALTER TABLE leads_touchpoint RENAME TO leads_touchpoint_plain;
CREATE TABLE leads_touchpoint (LIKE leads_touchpoint_plain INCLUDING DEFAULTS)
    PARTITION BY RANGE (occurred_at);
DROP TABLE leads_touchpoint_plain;
ALTER TABLE leads_touchpoint ADD CONSTRAINT leads_touchpoint_pkey PRIMARY KEY (occurred_at, digest);
ALTER TABLE leads_touchpoint
    ADD CONSTRAINT leads_touchpoint_source_fk FOREIGN KEY (source_id)
        REFERENCES leads_source (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT leads_touchpoint_lead_fk FOREIGN KEY (lead_id)
        REFERENCES leads_lead (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT leads_touchpoint_identity_fk FOREIGN KEY (identity_id)
        REFERENCES leads_identity (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT leads_touchpoint_campaign_fk FOREIGN KEY (campaign_id)
        REFERENCES leads_campaign (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX leads_touchpoint_lead ON leads_touchpoint (lead_id, occurred_at);
CREATE INDEX leads_touchpoint_waiting ON leads_touchpoint (identity_id, occurred_at)
    WHERE lead_id IS NULL;
CREATE TABLE leads_touchpoint_default PARTITION OF leads_touchpoint DEFAULT;
"""


class Migration(migrations.Migration):
    """Retention drops a month's table instead of deleting its rows, and inserts stay fast.

    Only possible while the table is empty, hence right after the first migration.
    """

    dependencies = [("leads", "0001_first_path")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
