"""Makes two leads of a merged one again, each as it was before."""

from datetime import datetime

from django.db import transaction

from leads import consents, signals
from leads.deadlocks import retried
from leads.merging import holding
from leads.merging.holding import NotMergeable
from leads.models import (
    Conversion,
    Duplicate,
    FieldValue,
    Lead,
    Merge,
    Qualification,
    Score,
    StageTransition,
)


@retried
@transaction.atomic
def undo(merge, *, by, now):
    """Take a merge back.

    What was moved goes back, what was replaced is put back unless it changed again since. What
    happened since stays with the survivor, save that whoever withdrew consent since did so for
    both. Raise NotMergeable if it was undone already, or if something was built on it: the newest
    merge of a lead is undone first.
    """
    leads = holding.hold(merge.survivor_id, merge.other_id)
    survivor, other = leads[merge.survivor_id], leads[merge.other_id]
    _refuse_built_on(merge, survivor)
    taken = Merge.objects.standing().filter(pk=merge.pk).update(undone_at=now, undone_by=by)
    merge = Merge.objects.get(pk=merge.pk)
    if not taken:
        raise NotMergeable(f"{merge.undone_by or 'Somebody'} has undone this merge already.")
    other.merged_into = None
    other.save(update_fields=["merged_into", "updated_at"])
    Lead.objects.filter(pk__in=merge.moved["repointed"]).update(merged_into=other)
    _put_values_back(merge, survivor, other, now=now)
    holding.move_back(merge)
    holding.move_touchpoints_back(merge)
    _number_anew(merge)
    _convert_back(merge)
    signals.leads_unmerged.send(sender=Merge, merge=merge, by=by, now=now)
    Score.objects.get_or_create(lead=other)
    holding.count_anew(survivor.pk, other.pk)
    _keep_apart(merge, by=by, now=now)
    for lead, told in ((survivor, other), (other, survivor)):
        facts = {"merge": merge.pk, "survivor": survivor.pk, "other": other.pk}
        lead.record("leads.unmerged", now=now, by=by, cause=f"From {told.email}"[:200], **facts)
    return merge


def _refuse_built_on(merge, survivor):
    if survivor.erased_at:
        raise NotMergeable("This person was erased: what was merged cannot be told apart.")
    if survivor.merged_into_id:
        raise NotMergeable(
            f"{survivor} was merged into {survivor.merged_into} since: undo that first."
        )
    newest = survivor.merges.standing().first()
    if newest and newest.pk != merge.pk:
        raise NotMergeable(f"{newest.other} was merged into {survivor} since: undo that first.")


def _put_values_back(merge, survivor, other, *, now):
    before, after = merge.moved["before"], merge.moved["after"]
    withdrew = {
        name: getattr(survivor, name)
        for name in consents.LABELS
        if consents.is_withdrawn(getattr(survivor, name)) and name not in merge.moved["consents"]
    }
    FieldValue.objects.filter(pk__in=merge.moved["added_values"]).delete()
    StageTransition.objects.filter(pk=merge.moved["added_transition"]).delete()
    for name, value in before.items():
        key = name.removeprefix("custom.")
        now_is = survivor.attributes.get(key) if key != name else getattr(survivor, name)
        if now_is != after[name]:
            continue
        if key != name and value is None:
            survivor.attributes.pop(key, None)
        else:
            survivor.take({name: value})
    _put_stage_back(merge, survivor, other)
    survivor.created_at = datetime.fromisoformat(merge.moved["created_at"])
    survivor.save()
    if withdrew:
        other.learn(withdrew, now=now)


def _put_stage_back(merge, survivor, other):
    """Work that went on since goes with the handoff that was worked."""
    before, after = merge.moved["stage"]
    reached = [survivor.stage_id, survivor.status]
    if reached == after:
        survivor.stage_id, survivor.status = before
    elif merge.moved.get("open_of") == "other":
        other.stage_id, other.status = reached
        other.save(update_fields=["stage", "status", "updated_at"])
        survivor.stage_id, survivor.status = before


def _number_anew(merge):
    """Qualifications go back with their numbers; those that stay are counted without a gap."""
    for pk, ordinal in merge.moved["ordinals"].items():
        Qualification.objects.filter(pk=pk, lead=merge.survivor_id).update(
            lead=merge.other_id, ordinal=ordinal
        )
    stay = Qualification.objects.filter(lead=merge.survivor_id).order_by("ordinal")
    for number, one in enumerate(stay, 1):
        if one.ordinal != number:
            Qualification.objects.filter(pk=one.pk).update(ordinal=number)


def _convert_back(merge):
    if "conversion" not in merge.moved:
        return
    Conversion.objects.filter(lead=merge.survivor_id).delete()
    data = merge.moved["conversion"]
    if data:
        campaign = data.pop("campaign")
        when = datetime.fromisoformat(data.pop("occurred_at"))
        Conversion.objects.create(
            lead_id=merge.survivor_id, campaign_id=campaign, occurred_at=when, **data
        )


def _keep_apart(merge, *, by, now):
    """Somebody looked and said that these are two people."""
    first, second = sorted((merge.survivor_id, merge.other_id))
    Duplicate.objects.filter(first=first, second=second).update(
        state=Duplicate.State.DISMISSED, decided_at=now, actor=by
    )
