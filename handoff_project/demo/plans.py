"""Decides for past MQLs who got the handoff, under which promise, and how they worked it."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from django.db.models import Case, When

from handoff_project.demo.qualifying import Passed
from handoff_project.demo.working import Habits, Work
from leads.conditions import compiler, judge
from leads.models import Lead
from routing import router
from routing.models import CalendarVersion, Pool, Rep, RuleSet
from sla.models import Policy

SKILL = (0.95, 0.9, 0.84, 0.88)  # share of promises kept, by the rep's place in the team


@dataclass
class Plan:
    """A handoff to be: what passed, the router's outcome, and what its owner made of it."""

    passed: Passed
    outcome: router.Outcome
    pool: Pool
    owner: Rep
    policy: Policy
    calendar: CalendarVersion
    work: Work

    @property
    def was_claimed(self):
        """Whether it waited in the pool until its owner took it."""
        return self.outcome.rep is None


class Planner:
    """Gives past handoffs their turns, oldest first, by the published rules and policies."""

    def __init__(self, *, seed, latest):
        self.latest = latest  # everything has ended by then, but for what is left open
        self.rng = random.Random(f"{seed} plans")
        self.habits = Habits(self.rng)
        reps = Rep.objects.select_related("user", "team__manager").order_by("pk")
        self.reps = {rep.pk: rep for rep in reps}
        self.team_reps = defaultdict(list)
        for rep in self.reps.values():
            self.team_reps[rep.team_id].append(rep)
        self.pools = {pool.pk: pool for pool in Pool.objects.select_related("team__calendar")}
        self.calendars = {p.team_id: p.team.calendar.current() for p in self.pools.values()}
        self.rule_set = RuleSet.objects.live()
        self.rules = self.rule_set.compiled["rules"]
        self.policies = list(Policy.objects.live())

    def plan(self, passed, *, left_open):
        """Return a Plan for each; `left_open` says by rep how many are still being worked."""
        plans = [
            self._plan(one, facts)
            for day, of_day in groupby(passed, key=lambda one: one.at.date())
            for one, facts in self._facts(list(of_day), day)
        ]
        wanted = dict(left_open)
        for plan in reversed(plans):
            if wanted.get(plan.owner.pk) and plan.work.attempts:
                wanted[plan.owner.pk] -= 1
                self.habits.leave_open(plan.work)
        Pool.objects.bulk_update(self.pools.values(), ["last_turn"])
        return plans

    def _facts(self, passed, day):
        """Pair each with which routing rules' and policies' segments held for it on that day."""
        segments = {f"rule_{r['id']}": r["when"] for r in self.rules if r["id"] is not None}
        policies = ((policy.pk, policy.compiled["when"]) for policy in self.policies)
        segments |= {f"policy_{pk}": when for pk, when in policies if when}
        asked = {
            key: Case(When(compiler.to_q(form, today=day), then=True), default=False)
            for key, form in segments.items()
        }
        leads = Lead.objects.filter(pk__in=[one.lead.pk for one in passed])
        facts = {row["pk"]: row for row in leads.annotate(**asked).values("pk", *asked)}
        return [(one, facts[one.lead.pk]) for one in passed]

    def _plan(self, passed, facts):
        outcome = self._route(passed, facts)
        pool = self.pools[outcome.pool]
        team, calendar = self.team_reps[pool.team_id], self.calendars[pool.team_id]
        policy = next(
            one for one in self.policies if not one.compiled["when"] or facts[f"policy_{one.pk}"]
        )
        owner = self.reps[outcome.rep] if outcome.rep else self.rng.choice(team)
        work = self.habits.work(
            passed.at,
            hours=calendar.hours(),
            targets={kind: one["minutes"] for kind, one in policy.compiled["targets"].items()},
            latest=self.latest,
            skill=SKILL[team.index(owner)],
        )
        if outcome.rep is None and work.accepted_at is None:
            # What waits in a pool is claimed before anybody can turn it down.
            taken = min(timedelta(minutes=4), (work.ended_at - passed.at) / 2)
            work.accepted_at = work.ended_at - taken
        return Plan(passed, outcome, pool, owner, policy, calendar, work)

    def _route(self, passed, facts):
        rules = [rule for rule in self.rules if rule["id"] is not None]
        held = {rule["id"]: facts[f"rule_{rule['id']}"] for rule in rules}
        compared = {rule["id"]: judge.compared(rule["when"], passed.lead) for rule in rules}
        pool = self.pools[router.matching_rule(self.rules, held)["pool"]]
        candidates = [router.Candidate(rep.pk, str(rep)) for rep in self.team_reps[pool.team_id]]
        roster = router.Roster(candidates, pool.last_turn_id)
        outcome = router.decide(self.rules, held, roster, compared=compared)
        if outcome.rep:
            pool.last_turn_id = outcome.rep
        return outcome
