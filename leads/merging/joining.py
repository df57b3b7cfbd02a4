"""Makes one lead of two, in one transaction, and writes down how to undo it."""

from django.db import transaction
from django.forms import model_to_dict

from leads import consents, signals
from leads.deadlocks import retried
from leads.merging import holding
from leads.merging.holding import NotMergeable
from leads.merging.values import choose, explain_by
from leads.models import (
    Conversion,
    Duplicate,
    FieldValue,
    Identity,
    Lead,
    MatchKeys,
    Merge,
    Qualification,
    Score,
    StageTransition,
)

# Within a stage, the working state of whom somebody works on holds.
BUSIEST = [
    Lead.Status.CONNECTED,
    Lead.Status.ATTEMPTING,
    Lead.Status.CONTACT_AND_QUALIFY,
    Lead.Status.NEW,
    Lead.Status.NURTURING,
    Lead.Status.SALES_UNREADY,
    Lead.Status.UNQUALIFIED,
]


@retried
@transaction.atomic
def merge(survivor, other, *, by, now, cause=""):
    """Make `other` a part of `survivor` and return the Merge.

    All history moves to the survivor; `other` stays as a row that points there and is seen by
    nobody. Raise NotMergeable for a lead and itself, and where one of them was merged already: of
    two who merge the same leads at once, in whichever direction, one wins.
    """
    if survivor.pk == other.pk:
        raise NotMergeable("A lead cannot be merged with itself.")
    leads = holding.hold(survivor.pk, other.pk)
    for pk in (survivor.pk, other.pk):
        _refuse_merged(leads.get(pk))
    survivor, other = leads[survivor.pk], leads[other.pk]
    done = Merge.objects.create(survivor=survivor, other=other, merged_at=now, actor=by)
    # The apps above first: a question that is withdrawn must not stand beside another one.
    signals.leads_merged.send(sender=Merge, merge=done, by=by, now=now)
    _move_rows(done)
    _join_values(done, survivor, other, now=now)
    _convert(done)
    done.moved["repointed"] = list(other.duplicates.values_list("pk", flat=True))
    other.duplicates.update(merged_into=survivor)
    other.merged_into = survivor
    other.save(update_fields=["merged_into", "updated_at"])
    Score.objects.filter(lead=other).delete()
    holding.count_anew(survivor.pk, other.pk)
    _settle_proposals(done, by=by, now=now)
    done.save(update_fields=["moved"])
    facts = {"merge": done.pk, "survivor": survivor.pk, "other": other.pk}
    for lead, told in ((survivor, other), (other, survivor)):
        said = cause or f"{'With' if lead is survivor else 'Into'} {told.email}"
        lead.record("leads.merged", now=now, by=by, cause=said[:200], **facts)
    return done


def _is_withdrawn(lead, name):
    return consents.is_withdrawn(getattr(lead, name))


def _refuse_merged(lead):
    if lead is None or lead.erased_at:
        raise NotMergeable("One of these leads no longer exists.")
    if lead.merged_into_id:
        last = lead.merged_by.standing().select_related("actor").first()
        whom = f" by {last.actor}" if last and last.actor else ""
        raise NotMergeable(f"{lead} was merged into {lead.merged_into} already{whom}.")


def _move_rows(done):
    for model in (Identity, FieldValue, StageTransition):
        holding.move(done, model.objects.all())
    holding.move_touchpoints(done)
    theirs = Qualification.objects.filter(lead=done.other).order_by("ordinal")
    done.moved["ordinals"] = {}
    last = done.survivor.qualifications.count()
    for number, one in enumerate(theirs, last + 1):
        done.moved["ordinals"][str(one.pk)] = one.ordinal
        Qualification.objects.filter(pk=one.pk).update(lead=done.survivor, ordinal=number)


def _join_values(done, survivor, other, *, now):
    """Set what holds of both on the survivor; the merge remembers what stood there."""
    choices = choose(survivor, other)
    before, after = {}, {}
    for choice in choices:
        if choice.takes_theirs:
            name = survivor.raw_name(choice.name)
            before[name], after[name] = choice.mine, choice.theirs
    survivor.take(after)
    stage = (survivor.stage_id, survivor.status)
    survivor.stage_id, survivor.status = _standing(survivor, other)
    done.moved["stage"] = [list(stage), [survivor.stage_id, survivor.status]]
    done.moved["created_at"] = survivor.created_at.isoformat()
    survivor.created_at = min(survivor.created_at, other.created_at)
    survivor.save()
    done.moved["consents"] = [name for name in consents.LABELS if _is_withdrawn(survivor, name)]
    done.moved["before"], done.moved["after"] = before, after
    done.moved["added_values"] = explain_by(survivor, choices, now=now)
    done.moved["added_transition"] = _note_stage(survivor, stage[0], now=now)


def _standing(survivor, other):
    """The further stage counts; in the same one, the state in which most is going on."""
    if survivor.stage_id != other.stage_id:
        further = max(survivor, other, key=lambda lead: lead.stage.position)
        return further.stage_id, further.status
    return survivor.stage_id, min(survivor.status, other.status, key=BUSIEST.index)


def _note_stage(survivor, before, *, now):
    """The other's transitions tell how the stage was reached; where none does, the merge did it."""
    reached = survivor.transitions.filter(to_stage=survivor.stage_id).exists()
    if survivor.stage_id == before or reached:
        return None
    return StageTransition.objects.create(
        lead=survivor,
        from_stage_id=before,
        to_stage_id=survivor.stage_id,
        cause="Merged",
        happened_at=now,
    ).pk


def _convert(done):
    """The earlier of two conversions is the original one."""
    mine = Conversion.objects.filter(lead=done.survivor).first()
    theirs = Conversion.objects.filter(lead=done.other).first()
    if theirs is None or (mine and mine.occurred_at <= theirs.occurred_at):
        return
    done.moved["conversion"] = mine and _as_data(mine)
    theirs.lead = done.survivor
    theirs.save()  # by its key, so the other keeps its own


def _as_data(conversion):
    data = model_to_dict(conversion)
    del data["lead"]
    return data | {"occurred_at": conversion.occurred_at.isoformat()}


def _settle_proposals(done, *, by, now):
    pair = sorted((done.survivor_id, done.other_id))
    Duplicate.objects.of(done.other).proposed().exclude(first__in=pair, second__in=pair).delete()
    Duplicate.objects.filter(first=pair[0], second=pair[1]).update(
        state=Duplicate.State.MERGED, decided_at=now, actor=by
    )
    MatchKeys.objects.filter(lead=done.other).delete()
