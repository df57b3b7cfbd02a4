"""Leads that stay too long in a stage: what the rules ask for is done, once for each stay."""

from collections import Counter
from urllib.parse import urlencode

from django.db import transaction
from django.urls import reverse

from leads.models import Delivery, Event, Notice, User
from leads.sweep import one_by_one
from routing.models import FollowUp, Handoff, Reassignment, StageRule, StageRuleRun
from routing.models.reassignment import OWNED, PLACED
from routing.notifications import marketing

LIMIT = 200  # leads that one sweep deals with, of each rule


def sweep(*, now):
    """Carry out all rules; return for how many leads something was done.

    A rule that gives leads to somebody who has left waits until it names somebody else.
    """
    rules = StageRule.objects.filter(is_active=True).exclude(to_rep__user__is_active=False)
    rules = rules.select_related("stage", "to_rep__user", "to_pool")
    return sum(_carry_out(rule, now=now) for rule in rules)


def _carry_out(rule, *, now):
    if rule.action == StageRule.Action.NOTIFY:
        return _tell(rule, now=now)

    def claim(passed_over):
        left = rule.due(now=now).exclude(pk__in=passed_over)
        return left.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()

    return one_by_one(claim, lambda lead: _act(rule, lead, now=now), limit=LIMIT)


def _act(rule, lead, *, now):
    """Plan the follow-up, or give the lead away; the unique key lets one sweep alone do it."""
    _run, is_new = StageRuleRun.objects.get_or_create(
        rule=rule, lead=lead, since=lead.stage_since, defaults={"done_at": now}
    )
    if not is_new:
        return
    handoff = lead.handoffs.get(state__in=PLACED)
    cause = f"In {rule}"
    if rule.action == StageRule.Action.FOLLOW_UP:
        FollowUp.objects.plan(
            handoff, kind=rule.kind, by=None, now=now, note=rule.note, cause=cause[:200]
        )
    else:
        Reassignment.objects.move(
            handoff,
            to=rule.to_rep or rule.to_pool,
            kind=Reassignment.Kind.MANAGER,
            by=None,
            reason=f"{cause}. {rule.note}".strip()[:300],
            now=now,
        )


@transaction.atomic
def _tell(rule, *, now):
    """Tell each person once of all leads that are due now; the rule is held meanwhile."""
    if not StageRule.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=rule.pk):
        return 0
    leads = list(rule.due(now=now)[:LIMIT])
    people = _told(rule, leads)
    if not leads or not people:
        return 0
    StageRuleRun.objects.bulk_create(
        StageRuleRun(rule=rule, lead=lead, since=lead.stage_since, done_at=now) for lead in leads
    )
    event = Event.objects.create(
        kind="routing.stays_noticed",
        cause=f"In {rule}"[:200],
        data={"rule": rule.pk, "stage": rule.stage_id, "count": len(leads)},
        happened_at=now,
    )
    url = f"{reverse('portal:stuck')}?{urlencode({'stage': rule.stage_id, 'days': rule.days})}"
    notices = [
        Notice(user, event, f"In {rule}: {_amount(count)}", rule.note or rule.stage.definition, url)
        for user, count in people.items()
    ]
    Delivery.objects.tell_all(notices, now=now)
    return len(leads)


def _told(rule, leads):
    """Who is told, and of how many of the leads."""
    if rule.told == StageRule.Told.MARKETING:
        return dict.fromkeys(marketing(), len(leads))
    if rule.told == StageRule.Told.MANAGERS:
        managers = User.objects.who_may("routing", "reassign_every_handoff")
        return dict.fromkeys(managers, len(leads))
    held = Handoff.objects.filter(lead__in=leads, state__in=OWNED)
    owners = Counter(held.values_list("owner__user", flat=True))
    return {user: owners[user.pk] for user in User.objects.filter(pk__in=owners, is_active=True)}


def _amount(count):
    return "1 lead" if count == 1 else f"{count} leads"
