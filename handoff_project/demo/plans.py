"""Decides for past MQLs who got the handoff, under which promise, and how they worked it."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from handoff_project.demo.qualifying import Passed
from handoff_project.demo.working import Habits, Work
from leads.conditions import judge
from routing import router
from routing.inputs import Inputs, Outcome
from routing.models import CalendarVersion, Handoff, Pool, Rep, RuleSet
from routing.roster import Roster
from sla import deadlines
from sla.models import Policy

SKILL = (0.95, 0.9, 0.84, 0.88)  # share of promises kept, by the rep's place in the team


@dataclass
class Plan:
    """A handoff to be: what passed, the router's outcome, and what its owner made of it."""

    passed: Passed
    inputs: Inputs
    outcome: Outcome
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
        self.roster = Roster(now=latest)
        self.policies = list(Policy.objects.live())

    def plan(self, passed, *, left_open):
        """Return a Plan for each; `left_open` says by rep how many are still being worked."""
        if passed:
            # Before the first of them: nobody was away yet, and nobody held anything.
            self.roster = Roster.loaded(self.pools, self.reps, now=passed[0].at)
        plans = [
            self._plan(one, facts, policies)
            for day, of_day in groupby(passed, key=lambda one: one.at.date())
            for one, facts, policies in self._facts(list(of_day), day)
        ]
        wanted = dict(left_open)
        for plan in reversed(plans):
            if wanted.get(plan.owner.pk) and plan.work.attempts:
                wanted[plan.owner.pk] -= 1
                self.habits.leave_open(plan.work)
        self.roster.store()
        return plans

    def _facts(self, passed, day):
        """Yield each with what routing looks at, and which policies hold for it, on that day."""
        rules = router.Rules(self.rule_set.compiled, today=day)
        handoffs = [Handoff(lead=one.lead) for one in passed]
        asked = [policy for policy in self.policies if policy.compiled["when"]]
        judged = judge.holding([policy.compiled["when"] for policy in asked], today=day)
        answers = judged([one.lead.pk for one in passed])
        facts = rules.facts(handoffs, now=passed[0].at)
        for one, found in zip(passed, facts, strict=True):
            holds = dict(zip(asked, answers[one.lead.pk], strict=True))
            yield one, found, holds

    def _plan(self, passed, facts, policies):
        inputs = self.roster.inputs(facts, self.rule_set.compiled)
        outcome = router.decide(self.rule_set.compiled, inputs)
        self.roster.turn(outcome)
        pool = self.pools[outcome.pool]
        team, calendar = self.team_reps[pool.team_id], self.calendars[pool.team_id]
        policy = next(one for one in self.policies if policies.get(one, True))
        owner = self.reps[outcome.rep] if outcome.rep else self.rng.choice(team)
        work = self.habits.work(
            passed.at,
            hours=calendar.hours(),
            targets=_minutes(policy, calendar.hours(), passed.at),
            latest=self.latest,
            skill=SKILL[self.team_reps[owner.team_id].index(owner)],
        )
        if outcome.rep is None and work.accepted_at is None:
            # What waits in a pool is claimed before anybody can turn it down.
            taken = min(timedelta(minutes=4), (work.ended_at - passed.at) / 2)
            work.accepted_at = work.ended_at - taken
        return Plan(passed, inputs, outcome, pool, owner, policy, calendar, work)


def _minutes(policy, hours, opened_at):
    """How many business minutes each of its clocks had, for a handoff of that moment."""
    due = {
        kind: deadlines.due(target, hours, opened_at).due_at
        for kind, target in policy.compiled["targets"].items()
    }
    return {kind: hours.elapsed(opened_at, at).total_seconds() / 60 for kind, at in due.items()}
