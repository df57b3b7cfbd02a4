"""A year of handoffs, with how they were worked and ended, in the shape that the verbs leave."""

import random
import uuid
from dataclasses import replace
from datetime import timedelta

from handoff_project.demo.endings import Endings
from handoff_project.demo.packets import packet_of
from handoff_project.demo.promises import Promises
from handoff_project.demo.working import REACHED
from leads.models import Lead, Qualification
from routing.models import (
    Assignment,
    Decision,
    Handoff,
    Touch,
)
from routing.notifications import told_in_words, url_of

ROUTING = timedelta(seconds=1)  # from a handoff's opening to its owner
CLAIMED = "Claimed from the pool"
TOTALS = ("total", "fit", "interest", "tier")


class Past(Endings):
    """Writes planned handoffs into the ledger, with every row that the verbs would have left."""

    def __init__(self, ledger, arrivals, planner, *, seed):
        super().__init__(ledger)
        self.arrivals = arrivals
        self.rng = random.Random(f"{seed} past")
        self.rule_set = planner.rule_set
        self.reps = planner.reps
        self.declined: dict[Lead, Handoff] = {}
        self.promises = Promises(ledger, self.rng, pool_reps=planner.team_reps)

    def write(self, plans, *, declined):
        """Write these handoffs, oldest first, and move their leads to the stages they reached.

        `declined` never got that far: a marketer had the last word.
        """
        for one in declined:
            self._decline(one)
        for plan in plans:
            self._write(plan)
        leads = [*self.declined, *(plan.passed.lead for plan in plans)]
        Lead.objects.bulk_update(dict.fromkeys(leads), ["stage", "status"], batch_size=500)
        self.ledger.store()

    def _decline(self, one):
        lead, answer, cause = one.lead, one.answer, "Declined by marketing"
        self._note_question(one)
        qualification = self._qualification(one, state=Qualification.State.DECLINED)
        handoff = self.ledger.new(
            Handoff,
            lead=lead,
            qualification=qualification,
            packet=packet_of(
                replace(one, at=one.asked_at),
                colleagues=self.arrivals.colleagues(lead, one.asked_at),
            ),
            score=qualification.total,
            tier=qualification.tier,
            opened_at=one.asked_at,
            closed_at=one.at,
            state=Handoff.State.WITHDRAWN,
        )
        lead.status = Lead.Status.NURTURING
        self._note(lead, "leads.declined", one.at, cause=answer.note, by=answer.by)
        self._event(handoff, "routing.withdrawn", one.at, cause=cause, by=answer.by)
        self.declined[lead] = handoff

    def _note_question(self, one):
        """That a marketer was asked, where one was."""
        if one.asked_at:
            self._note(
                one.lead,
                "leads.review_asked",
                one.asked_at,
                cause=Qualification.Cause.BORDERLINE.label,
                definition=one.definition.version,
            )

    def _qualification(self, one, **columns):
        answer, found = one.answer, one.found
        return self.ledger.new(
            Qualification,
            lead=one.lead,
            ordinal=2 if one.lead in self.declined else 1,
            definition=one.definition,
            cause=one.cause,
            explanation=found,
            actor=answer and answer.by,
            note=answer.note if answer else "",
            qualified_at=one.asked_at if answer else one.at,
            decided_at=one.at,
            **{name: found[name] for name in TOTALS},
            **columns,
        )

    def _write(self, plan):
        work, user = plan.work, plan.owner.user
        handoff = self._open(plan, self._qualify(plan.passed))
        self._assign(handoff, plan)
        if work.accepted_at:
            cause = CLAIMED if plan.was_claimed else ""
            self._event(handoff, "routing.accepted", work.accepted_at, by=user, cause=cause)
        first = work.attempts[0].occurred_at if work.attempts else None
        self.promises.keep(
            handoff,
            plan,
            stops={"accept": work.accepted_at or work.ended_at, "first_touch": first},
        )
        for attempt in work.attempts:
            self._touch(handoff, user, attempt)
        self._end(handoff, user, work)

    def _qualify(self, passed):
        lead, at, cause = passed.lead, passed.at, passed.cause.label
        by = passed.answer and passed.answer.by
        self._note_question(passed)
        self._enter(lead, "mql", at, cause=f"{passed.definition}: {cause.lower()}", by=by)
        lead.status = Lead.Status.CONTACT_AND_QUALIFY
        self._note(
            lead,
            "leads.qualified",
            at,
            cause=cause,
            by=by,
            definition=passed.definition.version,
            **{name: passed.found[name] for name in TOTALS},
        )
        return self._qualification(passed)

    def _open(self, plan, qualification):
        passed, work = plan.passed, plan.work
        colleagues = self.arrivals.colleagues(passed.lead, passed.at)
        handoff = self.ledger.new(
            Handoff,
            lead=passed.lead,
            qualification=qualification,
            previous=self.declined.get(passed.lead),
            packet=packet_of(passed, colleagues=colleagues, earlier=self.declined.get(passed.lead)),
            score=qualification.total,
            tier=qualification.tier,
            opened_at=passed.at,
            owner=plan.owner,
            accepted_at=work.accepted_at,
            closed_at=work.ended_at,
            state=work.ending,
        )
        self._event(handoff, "routing.opened", passed.at, cause="Qualified")
        return handoff

    def _assign(self, handoff, plan):
        decision, routed = self._decide(handoff, plan)
        if not plan.was_claimed:
            self._tell_of_offer(handoff, routed)
        self.ledger.new(
            Assignment,
            handoff=handoff,
            rep=plan.owner,
            decision=None if plan.was_claimed else decision,
            cause=CLAIMED if plan.was_claimed else f"Routed: {decision.rule_label}",
            started_at=plan.work.accepted_at if plan.was_claimed else decision.decided_at,
            ended_at=plan.work.ended_at,
        )

    def _decide(self, handoff, plan):
        at, outcome = handoff.opened_at + ROUTING, plan.outcome
        rep = self.reps.get(outcome.rep)
        decision = self.ledger.new(
            Decision,
            handoff=handoff,
            rule_set=self.rule_set,
            rule_label=outcome.rule_label,
            pool=plan.pool,
            rep=rep,
            nobody=outcome.nobody,
            inputs=replace(plan.inputs, handoff=handoff.pk, now=at.isoformat()).as_json(),
            trace=outcome.trace,
            decided_at=at,
        )
        said = {"decision": decision.pk, "to": str(rep or plan.pool)}
        return decision, self._event(
            handoff, "routing.routed", at, cause=outcome.rule_label, **said
        )

    def _tell_of_offer(self, handoff, event):
        lines = [line for line in handoff.packet["score"]["lines"] if line["counted"]]
        why = "; ".join(line["label"] for line in lines)
        self.promises.tell(
            handoff.owner.user,
            event=event,
            at=event.happened_at,
            url=url_of(handoff),
            subject=f"New lead: {told_in_words(handoff)}",
            body=f"Score {handoff.score} (tier {handoff.tier}). Why you got it: {why}.",
        )

    def _touch(self, handoff, user, attempt):
        touch = self.ledger.new(
            Touch,
            handoff=handoff,
            user=user,
            channel=attempt.channel,
            outcome=attempt.outcome,
            note=attempt.note,
            occurred_at=attempt.occurred_at,
            entered_at=attempt.entered_at,
            nonce=uuid.UUID(int=self.rng.getrandbits(128), version=4),
        )
        if handoff.lead.status != Lead.Status.CONNECTED:
            reached = attempt.outcome in REACHED
            handoff.lead.status = Lead.Status.CONNECTED if reached else Lead.Status.ATTEMPTING
        self._event(
            handoff,
            "routing.touched",
            attempt.entered_at,
            by=user,
            cause=str(touch),
            touch=touch.pk,
            channel=attempt.channel,
            outcome=attempt.outcome,
            note=attempt.note,
            occurred_at=attempt.occurred_at.isoformat(),
            back_dated=touch.is_back_dated,
        )
