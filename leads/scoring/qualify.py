"""A lead becomes an MQL: once, whoever notices first."""

from leads.models import Lead, LifecycleStage, MQLDefinition, Qualification
from leads.scoring.explain import explain
from leads.signals import lead_qualified


def qualify(lead_id, *, now):
    """Make the lead an MQL if it still passes; return the Qualification, or None.

    Runs inside the caller's transaction. The lead's row is locked and judged again under the
    lock, so that of two callers one qualifies and the other finds it done.
    """
    lead = (
        Lead.objects.select_for_update(of=("self",), no_key=True)
        .select_related("company")
        .get(pk=lead_id)
    )
    live = MQLDefinition.objects.live()
    if live is None or lead.stage_id != LifecycleStage.Key.LEAD:
        return None
    found = explain(live.compiled, lead.pk, today=now.date())
    if not found["qualifies"]:
        return None
    cause = Qualification.Cause.FAST_TRACK if found["fast_track"] else Qualification.Cause.THRESHOLD
    qualification = lead.qualifications.create(
        ordinal=lead.qualifications.count() + 1,
        definition=live,
        cause=cause,
        fit=found["fit"],
        interest=found["interest"],
        total=found["total"],
        tier=found["tier"],
        explanation=found,
        qualified_at=now,
    )
    lead.enter_stage(
        LifecycleStage.Key.MQL,
        status=Lead.Status.CONTACT_AND_QUALIFY,
        cause=f"{live}: {cause.label.lower()}",
        now=now,
    )
    lead.record(
        "leads.qualified",
        now=now,
        cause=cause.label,
        definition=live.version,
        total=found["total"],
        fit=found["fit"],
        interest=found["interest"],
        tier=found["tier"],
    )
    lead_qualified.send(sender=Qualification, qualification=qualification, now=now)
    return qualification
