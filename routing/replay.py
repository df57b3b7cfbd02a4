"""Decides stored decisions again from their records, by their own rule set or by another one.

By its own rule set nothing may differ. By another one, facts that the record holds are taken from
it; others are judged on the packet where it tells enough, else on the lead as it is today. Who was
there comes from the record, too; whom nobody asked then is taken as they are today. Each decision
stands for itself, or turns and open work go on from one to the next, see `routing.course`. Every
answer says on what it rests.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import chain

from leads.conditions import judge, terms
from routing.course import Course
from routing.deciding import decide, needs
from routing.inputs import Inputs
from routing.models import Decision
from routing.packet import COLUMNS
from routing.roster import Roster

CHUNK = 200
PACKET, TODAY, PEOPLE = "the packet", "the lead as it is today", "people as they are today"
SCORES = ("total", "fit", "interest", "tier", "bucket")
TOLD = {
    *COLUMNS["contact"],
    "lead_source",
    *(f"company__{name}" for name in COLUMNS["company"]),
    *(f"score__{name}" for name in SCORES[:4]),
}
# The packets' rows under the tables' names, so that the very same SQL asks them.
PAPER = """
    paper AS MATERIALIZED (SELECT value FROM jsonb_array_elements(%s::jsonb)),
    leads_company AS (
        SELECT one.* FROM paper, jsonb_populate_record(NULL::leads_company, value->'company') AS one
    ),
    leads_score AS (
        SELECT one.* FROM paper, jsonb_populate_record(NULL::leads_score, value->'score') AS one
    ),
    leads_lead AS (
        SELECT one.* FROM paper, jsonb_populate_record(NULL::leads_lead, value->'lead') AS one
    )
"""


@dataclass(frozen=True)
class Replayed:
    """A stored decision, and what it is when it is decided again.

    `rests_on` says what was not in the record; `skipped` why it cannot be decided again at all.
    """

    decision: Decision
    then: dict = field(default_factory=dict)
    again: dict = field(default_factory=dict)
    rests_on: list = field(default_factory=list)
    skipped: str = ""

    @property
    def differs(self):
        return self.then != self.again

    @property
    def moves(self):
        """Whether the lead goes to somebody else, or waits elsewhere."""
        return _place(self.then) != _place(self.again)


def _place(found):
    return found.get("rep") or -found.get("pool", 0)


def replayed(*, since=None, version=None, now=None, going_on=False):
    """Yield a Replayed for each stored decision since then, in their order.

    By `version`, a rule set that may be a draft, instead of their own; then `now` is today. With
    `going_on`, what one decision does to the turns and the open work holds for those after it.
    Memory does not grow with their number.
    """
    found = Decision.objects.all()
    if since:
        found = found.filter(decided_at__gte=since)
    course = Course() if going_on else None
    other = _Other(version.readable(), now=now, course=course) if version else None
    # Rule sets are large, so each is read once for a chunk, and not beside every decision.
    asked = found.select_related("handoff").prefetch_related("rule_set")
    for chunk in asked.in_chunks(CHUNK):
        stored = [decision for decision in chunk if decision.inputs]
        again = other.replayed(stored) if other else map(_again, stored)
        for decision in chunk:
            if decision.inputs:
                yield next(again)
            else:
                yield Replayed(decision, skipped="It was stored before inputs were kept.")


def _again(decision):
    outcome = decide(decision.rule_set.compiled, Inputs.from_json(decision.inputs))
    then = {"nobody": decision.nobody, "trace": decision.trace}
    again = {"nobody": outcome.nobody, "trace": outcome.trace}
    return Replayed(decision, _of_decision(decision) | then, _of_outcome(outcome) | again)


def _of_decision(decision):
    return {"rule": decision.rule_label, "pool": decision.pool_id, "rep": decision.rep_id}


def _of_outcome(outcome):
    return {"rule": outcome.rule_label, "pool": outcome.pool, "rep": outcome.rep}


class _Other:
    """Another rule set than the one that decided."""

    def __init__(self, form, *, now, course):
        self.form, self.now, self.course = form, now, course
        self.whens: dict = {}
        for _, _, when in _asked(form):
            self.whens.setdefault(_key(when), when)
        self.asked = _keys(form)
        self._asked_then: dict = {}  # the same by the rule sets that decided

    @cached_property
    def told(self):
        """The segments that ask for nothing but what a packet holds, and the other ones."""
        found: tuple[dict, dict] = ({}, {})
        for key, when in self.whens.items():
            paths = {terms.field_of(term).path for _, term in terms.terms_of(when)}
            found[not paths <= TOLD][key] = when
        return found

    def replayed(self, decisions):
        on_paper, today = self._judge(decisions)
        facts = [self._facts(one, on_paper, today) for one in decisions]
        people = self._people([inputs for inputs, _ in facts])
        for decision, (known, sources) in zip(decisions, facts, strict=True):
            inputs, asked_now = _with_people(known, people, self.form)
            if self.course:
                inputs = self.course.inputs(inputs)
            outcome = decide(self.form, inputs)
            if self.course:
                self.course.note(decision, inputs, outcome)
            tried = self.asked[: outcome.trace["rule"]]
            rests_on = {sources[key] for rule in tried for _, _, key in rule} - {None}
            rests_on |= {PEOPLE} if asked_now else set()
            yield Replayed(decision, _of_decision(decision), _of_outcome(outcome), sorted(rests_on))

    def _judge(self, decisions):
        """What holds on paper, by decision, and what today, by lead: lists of answers by key."""
        paper, other = self.told
        day = self.now.date()
        rows = json.dumps([_on_paper(one) for one in decisions])
        ask = judge.holding(list(paper.values()), today=day, instead=PAPER)
        found = ask([one.pk for one in decisions], rows) if paper else {}
        leads = {one.handoff.lead_id for one in decisions}
        today = judge.holding(list(other.values()), today=day)(leads) if other else {}
        return found, today

    def _facts(self, decision, on_paper, today):
        """Return the Inputs with what holds by these rules, and the source of each segment."""
        inputs, (paper, other) = Inputs.from_json(decision.inputs), self.told
        answers = dict(zip(paper, on_paper.get(decision.pk, ()), strict=True))
        answers |= dict(zip(other, today.get(decision.handoff.lead_id, ()), strict=True))
        sources: dict = {key: PACKET if key in paper else TODAY for key in self.whens}
        held_then = {"rules": set(inputs.rules), "territories": set(inputs.territories)}
        for kind, pk, key in chain.from_iterable(self._keys_then(decision)):
            answers[key] = pk in held_then[kind]
            sources[key] = None
        held: dict[str, dict] = {"rules": {}, "territories": {}}
        for kind, pk, key in chain.from_iterable(self.asked):
            if answers[key]:
                held[kind][pk] = None
        return replace(inputs, **{kind: list(found) for kind, found in held.items()}), sources

    def _keys_then(self, decision):
        pk = decision.rule_set_id
        if pk not in self._asked_then:
            self._asked_then[pk] = _keys(decision.rule_set.compiled)
        return self._asked_then[pk]

    def _people(self, found):
        """The Roster of today of those whom these rules ask and the records do not have."""
        pools, reps = set(), set()
        for inputs in found:
            more_pools, more_reps = needs(self.form, inputs)
            pools |= more_pools - set(inputs.pools)
            reps |= more_reps - set(inputs.reps)
        return Roster.loaded(pools, reps, now=self.now, lock=False)


def _with_people(inputs, people, form):
    pools, reps = needs(form, inputs)
    pools, reps = pools - set(inputs.pools), reps - set(inputs.reps)
    if not pools and not reps:
        return inputs, False
    found = {pool: people.pools[pool] for pool in pools}
    reps = people.then(datetime.fromisoformat(inputs.now))
    return replace(inputs, pools=inputs.pools | found, reps=reps | inputs.reps), True


def _asked(form):
    """Yield `(kind, id, segment)` of every rule and territory of a form."""
    for rule in form["rules"]:
        if rule["id"] is not None:
            yield "rules", rule["id"], rule["when"]
        for one in rule.get("territories", ()):
            yield "territories", one["id"], one["when"]


def _keys(form):
    """Return by rule what `_asked` yields, with keys in place of segments: written out once."""
    return [
        [(kind, pk, _key(when)) for kind, pk, when in _asked({"rules": [rule]})]
        for rule in form["rules"]
    ]


def _key(when):
    return json.dumps(when, sort_keys=True)


def _on_paper(decision):
    """What the packet says of the lead, as rows of the tables; the decision's id is the lead's."""
    packet, pk = decision.handoff.packet, decision.pk
    company = packet.get("company") or {}
    columns = {name: company.get(name) for name in COLUMNS["company"]}
    lead = {name: packet.get("contact", {}).get(name) for name in COLUMNS["contact"]}
    return {
        "lead": lead
        | {"id": pk, "company_id": pk, "lead_source": packet.get("source", {}).get("source")},
        "company": columns | {"id": pk},
        "score": {name: packet.get("score", {}).get(name) for name in SCORES} | {"lead_id": pk},
    }
