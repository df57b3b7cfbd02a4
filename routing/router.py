"""Routes handoffs: asks `decide` under locks, in batches, and has the outcomes carried out.

Leads of one batch are decided one after another, the oldest first, each on what the ones before
left. So a bulk import takes its turns as single leads do.
"""

import logging
from functools import lru_cache
from typing import Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F
from psycopg.errors import LockNotAvailable

from leads.conditions import judge
from leads.sweep import one_by_one
from routing.deciding import decide, needs
from routing.inputs import Inputs, Outcome
from routing.models import Handoff, Rep, RuleSet
from routing.models.team import main_language
from routing.placing import place
from routing.roster import Roster

BATCH = 500  # handoffs that are routed under one lock
log = logging.getLogger(__name__)


class Decided(NamedTuple):
    """What was decided for one handoff, and on what."""

    handoff: Handoff
    inputs: Inputs
    outcome: Outcome


class Rules:
    """A rule set's form, with what asks it of leads: each segment once, however many rules ask."""

    def __init__(self, form, *, today):
        self.form = form
        asked = [("rules", rule["id"], rule["when"]) for rule in form["rules"] if rule["id"]]
        territories = {
            one["id"]: one["when"] for rule in form["rules"] for one in rule.get("territories", ())
        }
        asked += [("territories", *one) for one in territories.items()]
        whens: list[dict] = []
        for _, _, when in asked:
            if when not in whens:
                whens.append(when)
        self.asked = [(kind, key, whens.index(when)) for kind, key, when in asked]
        self.whens = whens
        self.fields = judge.fields_of(whens)
        self.related = {"lead__company", *filter(None, map(_row_of, self.fields))}
        self._judged = judge.holding(whens, today=today)

    def facts(self, handoffs, *, now, answers=None):
        """Yield what holds for each handoff's lead, as Inputs without reps and pools.

        `answers` say by lead which of `whens` hold, where the database is not to be asked.
        """
        answers = answers or self._judged([handoff.lead_id for handoff in handoffs])
        owners, before = _account_owners(handoffs), _previous_owners(handoffs)
        for handoff in handoffs:
            lead, found = handoff.lead, answers[handoff.lead_id]
            held: dict[str, Any] = {"rules": [], "territories": []}
            for kind, key, number in self.asked:
                if found[number]:
                    held[kind].append(key)
            yield Inputs(
                handoff=handoff.pk,
                now=now.isoformat(),
                values=judge.values(self.fields, lead),
                language=main_language(lead.language),
                account_owner=owners.get(lead.company and lead.company.account_owner_id),
                previous_owner=before.get(handoff.lead_id),
                **held,
            )


def _row_of(field):
    """The row that a field is read from, where it is not the lead's own."""
    *steps, _ = field.path.split("__")
    return "__".join(["lead", *steps]) if steps and "attributes" not in steps[:1] else ""


@lru_cache(maxsize=4)
def _rules(pk, content_hash, today):
    return Rules(RuleSet.objects.get(pk=pk).compiled, today=today)


def rules_of(version, *, now):
    """Return the Rules of a published version; they never change within a day."""
    return _rules(version.pk, version.content_hash, now.date())


def _live():
    """The live rule set without its form: that is read once, and large."""
    return RuleSet.objects.defer("compiled").live()


def route_new(*, now, limit=BATCH):
    """Route handoffs that wait for it, oldest first; return how many were routed."""
    live = _live()
    if live is None:
        return 0
    waiting = Handoff.objects.filter(state=Handoff.State.NEW).order_by("opened_at", "pk")
    rules = rules_of(live, now=now)

    def route(handoffs):
        return _carry_out(decided(handoffs, rules, now=now), live, now=now)

    return _in_batches(waiting, route, rules=rules, limit=limit)


def route_waiting(*, now, limit=BATCH):
    """Route what waits in a pool because nobody could take it, oldest first; return how many.

    What still finds nobody stays as it is, without another decision. Leads to be claimed are left
    to those who claim.
    """
    live = _live()
    if live is None:
        return 0
    waiting = Handoff.objects.waiting_for_somebody().order_by("opened_at", "pk")
    pools = waiting.order_by().values_list("pool", flat=True).distinct()
    return sum(_drain(waiting.filter(pool=pool), live, now=now, limit=limit) for pool in pools)


def _drain(waiting, live, *, now, limit):
    """Route what of this can be routed, past what still finds nobody; return how many."""
    rules, seen = rules_of(live, now=now), []

    def route(handoffs):
        seen.append((handoffs[-1].opened_at, handoffs[-1].pk))
        found = decided(handoffs, rules, now=now)
        return _carry_out([one for one in found if not one.outcome.nobody], live, now=now)

    done, before = _in_batches(waiting, route, rules=rules, limit=limit), 0
    while len(seen) > before:
        before = len(seen)
        done += _in_batches(waiting.after(seen[-1]), route, rules=rules, limit=limit)
    return done


def _in_batches(waiting, route, *, rules, limit):
    """Route up to `limit` of these at once; one at a time if that fails, so that one fails."""
    asked = waiting.select_related(*rules.related).select_for_update(skip_locked=True, of=("self",))
    try:
        with transaction.atomic():
            handoffs = list(asked[:limit])
            return route(handoffs) if handoffs else 0
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if isinstance(error.__cause__, LockNotAvailable):
            # Others are at work for these teams. One by one, each lead would wait as long again.
            log.warning("Handoffs wait: others route for the same teams.")
            return 0
        log.exception("Handoffs could not be routed together; now one by one.")

    claimed: list[int] = []

    def claim(passed_over):
        # Each once: what finds nobody stays where it is.
        found = asked.exclude(pk__in=[*passed_over, *claimed]).first()
        claimed.extend([found.pk] if found else [])
        return found

    return one_by_one(claim, lambda handoff: route([handoff]), limit=limit)


def decided(handoffs, rules, *, now, lock=True, answers=None, away=()):
    """Decide for these handoffs, in their order; return a Decided for each.

    With `lock`, nobody else decides for the same teams until the commit, and turns are stored.
    A simulation gives `answers`, see `Rules.facts`, and the reps who are taken as `away`.
    """
    facts = list(rules.facts(handoffs, now=now, answers=answers))
    pools, reps = set(), set()
    for one in facts:
        more_pools, more_reps = needs(rules.form, one)
        pools |= more_pools
        reps |= more_reps
    roster = Roster.loaded(pools, reps, now=now, lock=lock)
    roster.send_away(away)
    found = []
    for handoff, one in zip(handoffs, facts, strict=True):
        inputs = roster.inputs(one, rules.form)
        outcome = decide(rules.form, inputs)
        roster.give(outcome)
        found.append(Decided(handoff, inputs, outcome))
    if lock:
        roster.store()
    return found


def _carry_out(found, live, *, now):
    place(found, rule_set=live, now=now)
    return len(found)


def _account_owners(handoffs):
    """The reps who are account owners of these leads' companies, by user."""
    owners = {one.lead.company.account_owner_id for one in handoffs if one.lead.company}
    reps = Rep.objects.filter(user__in=owners - {None}) if owners - {None} else Rep.objects.none()
    return dict(reps.values_list("user", "pk"))


def _previous_owners(handoffs):
    """Who held the latest earlier handoff of these leads, by lead."""
    earlier = Handoff.objects.filter(
        lead__in=[one.lead_id for one in handoffs], owner__isnull=False
    ).exclude(pk__in=[one.pk for one in handoffs])
    newest = earlier.order_by("lead", F("opened_at").desc(), "-pk").distinct("lead")
    return dict(newest.values_list("lead", "owner"))
