"""A lead becomes an MQL, or a person is asked: once, whoever notices first."""

from django.db.models import Exists, OuterRef, Q

from leads.models import Lead, LifecycleStage, MQLDefinition, Qualification
from leads.scoring import needed
from leads.scoring.explain import explain
from leads.signals import review_asked


def unanswered(scores, live, *, now):
    """Return those of the scores whose lead meets the live definition, or nearly, and is no MQL.

    Left out are leads that a marketer is being asked about, or declined within the cool-down of
    the definition. One that was borderline comes back as soon as it really passes, and a fast
    track asks nobody.
    """
    answers = _answers(live, now=now).filter(lead=OuterRef("lead"))
    return scores.filter(
        Q(fast_track=True)
        | (Q(qualifies=True) & ~Exists(answers.exclude(_overtaken(live))))
        | (Q(borderline=True) & ~Exists(answers)),
        do_not_pass=False,
        lead__stage=LifecycleStage.Key.LEAD,
        lead__erased_at=None,
    )


def known_to_be_incomplete(live, *, now):
    """Which answers were about leads of which something is missing: news alone changes that."""
    return _answers(live, now=now).filter(cause=Qualification.Cause.INCOMPLETE)


def _answers(live, *, now):
    return Qualification.objects.still_answered(now=now, cool_down_days=live.cool_down_days or 0)


def _overtaken(live):
    """Which answers no longer count when the lead passes by itself: those on borderline cases.

    Where the definition itself decides, every question that still waits is overtaken too. Where a
    marketer does, a borderline question that waits becomes one about a lead that passes.
    """
    borderline = Q(cause=Qualification.Cause.BORDERLINE)
    if live.decider == MQLDefinition.Decider.MARKETER:
        return borderline
    return borderline | Q(state=Qualification.State.WAITING)


def qualify(lead_id, *, now):
    """Make the lead an MQL if it still passes, or ask a marketer; return the Qualification or None.

    Runs inside the caller's transaction. The lead's row is locked and judged again under the
    lock, so that of two callers one qualifies and the other finds it done.
    """
    lead = Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
    live = MQLDefinition.objects.live()
    gone = lead.merged_into_id or lead.erased_at
    if live is None or gone or lead.stage_id != LifecycleStage.Key.LEAD:
        return None
    found = explain(live.compiled, lead.pk, today=now.date())
    if not found["qualifies"] and not found["borderline"]:
        return None
    found |= _lacking(live, lead)
    waits = "missing" in found and needed.asks_first(live.compiled)
    answers = _answers(live, now=now).filter(lead=lead)
    if found["qualifies"] and not waits:
        answers = answers.exclude(_overtaken(live))
    if answers.exists() and (waits or not found["fast_track"]):
        return None
    return _qualify(lead, live, found, now=now)


def requalify(lead_id, *, at_any_score, now):
    """Make a nurtured lead an MQL again and return the Qualification; None if it must not pass.

    Runs inside the caller's transaction. `at_any_score`: it was agreed that it comes back now; only
    what must never pass stays back. Otherwise it passes as any lead does, with a marketer's
    answer where the definition asks for one.
    """
    lead = Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
    live = MQLDefinition.objects.live()
    early = (LifecycleStage.Key.LEAD, LifecycleStage.Key.MQL)
    if live is None or lead.merged_into_id or lead.erased_at or lead.stage_id not in early:
        return None
    found = explain(live.compiled, lead.pk, today=now.date()) | _lacking(live, lead)
    if at_any_score and not found["do_not_pass"]:
        return _qualify(lead, live, found, woken=True, now=now)
    return _qualify(lead, live, found, now=now) if found["qualifies"] else None


def _lacking(live, lead):
    """What the explanation says of what is not known though it is needed; nothing if all is."""
    found = needed.lacking(live.compiled, lead)
    return {"missing": found} if found else {}


def _qualify(lead, live, found, *, now, woken=False):
    causes, states = Qualification.Cause, Qualification.State
    cause = causes.FAST_TRACK if found["fast_track"] else causes.THRESHOLD
    if "missing" in found and needed.asks_first(live.compiled):
        cause = causes.INCOMPLETE
    if not found["qualifies"]:
        cause = causes.BORDERLINE
    if woken:
        cause = causes.WOKEN
    decides = live.decider == MQLDefinition.Decider.MARKETER
    at_once = (causes.FAST_TRACK, causes.WOKEN)
    asks = cause in (causes.BORDERLINE, causes.INCOMPLETE) or (decides and cause not in at_once)
    facts = {
        "definition": live,
        "cause": cause,
        "state": states.WAITING if asks else states.CONFIRMED,
        "explanation": found,
        "qualified_at": now,
        "decided_at": None if asks else now,
    }
    facts |= {name: found[name] for name in ("fit", "interest", "total", "tier")}
    # A lead that a marketer is asked about passes by itself now: the question answers itself, or
    # where a marketer decides about every lead, it is asked as what it is now.
    qualification, is_new = lead.qualifications.update_or_create(
        state=states.WAITING,
        defaults=facts,
        create_defaults=facts | {"ordinal": lead.qualifications.count() + 1},
    )
    if not asks:
        qualification.make_mql(now=now)
        return qualification
    lead.record("leads.review_asked", now=now, cause=cause.label, definition=live.version)
    if is_new:
        review_asked.send(sender=Qualification, qualification=qualification, now=now)
    return qualification
