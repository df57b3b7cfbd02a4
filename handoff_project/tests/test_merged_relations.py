"""Whatever belongs to a lead has its place when it is merged; nobody forgets a new relation."""

from leads.models import Lead

MOVED = {
    # Given to the survivor, and back by undo.
    *("leads.FieldValue", "leads.Identity", "leads.Qualification", "leads.StageTransition"),
    *("leads.Touchpoint", "routing.Handoff", "routing.Opportunity"),
}
MADE_ANEW = {"leads.MatchKeys", "leads.Pending", "leads.Score", "leads.SignalDay"}
OF_BOTH = {"leads.Conversion", "leads.Duplicate", "leads.Lead", "leads.Merge"}
STAYS = {
    # Append-only; the survivor's timeline reads those of the leads that were merged into it.
    "leads.Event",
    # Says what an import, or a question to a provider, did to this very row.
    *("leads.ImportedRecord", "leads.Enrichment"),
    # Says for which stay of this very row something was done, or proposed.
    *("routing.StageRuleRun", "routing.CleanUpItem"),
    # Of the person, who is the survivor by then.
    "leads.ErasureLedger",
    # A report of one moment.
    *("reporting.PreviewLead", "reporting.PreviewMeeting"),
}


def test_every_relation_of_a_lead_has_its_place_in_a_merge():
    found = {
        relation.related_model._meta.label
        for relation in Lead._meta.get_fields(include_hidden=True)
        if relation.auto_created and relation.is_relation and not relation.concrete
    }
    assert found == MOVED | MADE_ANEW | OF_BOTH | STAYS
