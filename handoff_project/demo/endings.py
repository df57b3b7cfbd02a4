"""How the handoffs of the past ended, in the shape that the verbs leave."""

from datetime import timedelta
from decimal import Decimal

from handoff_project.demo.working import QUALIFIED, RECYCLED, REJECTED
from leads.models import Event, Lead, NurtureTrack, StageTransition
from routing.models import (
    ChecklistAnswer,
    ChecklistQuestion,
    GutRead,
    Opportunity,
    OpportunityReason,
    Recycling,
    Rejection,
    RejectionReason,
)
from routing.models.recycling import ASKED, USUAL


class Endings:
    """Writes what a rep's answer leaves, with its events."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.questions = list(ChecklistQuestion.objects.exclude(gate="none"))
        usual = OpportunityReason.objects.filter(needs_note=False, is_active=True)
        self.outcomes = list(usual)
        self.track = NurtureTrack.objects.get()
        self.reasons = {reason.code: reason for reason in RejectionReason.objects.all()}

    def _end(self, handoff, user, work):
        lead, at = handoff.lead, work.ended_at
        if work.attempts and handoff.pk % 3:
            self._read(handoff, user, work)
        if work.ending == REJECTED:
            self._reject(handoff, user, work)
        elif work.ending == RECYCLED:
            lead.status = Lead.Status.NURTURING
            reasons = [reason for reason, _ in ASKED[:-1]]
            self._recycle(handoff, user, at, reason=reasons[handoff.pk % len(reasons)])
        elif work.ending == QUALIFIED:
            lead.status = Lead.Status.CONNECTED
            said = {"answer": "confirmed", "answered_by": user, "answered_at": at}
            for one in self.questions:
                self.ledger.new(ChecklistAnswer, handoff=handoff, question=one, **said)
            self._event(handoff, "routing.qualified", at, by=user, cause="Vetted on the phone")
            self._enter(lead, "sql", at, cause="Vetted on the phone", by=user)
            self._sell(handoff, user, dict(work.later))

    def _read(self, handoff, user, work):
        """What their gut said after the first touch: right about seven times in ten."""
        is_right = handoff.pk * 37 % 100 < 70
        hot = (work.ending == QUALIFIED) == is_right
        at, score = work.attempts[0].entered_at, handoff.score
        read = self.ledger.new(
            GutRead, handoff=handoff, user=user, hot=hot, score=score, read_at=at
        )
        self._event(handoff, "routing.gut_read", at, by=user, cause=str(read), hot=hot, score=score)

    def _sell(self, handoff, user, later):
        """What the SQL came to: nothing yet, or an opportunity that is open, won or lost."""
        opened_at, won_at = later.get("opportunity"), later.get("customer")
        if opened_at is None:
            return
        lead, number = handoff.lead, handoff.pk
        decided_on = opened_at + timedelta(days=20 + number % 50)
        lost_at = decided_on if number % 3 == 0 and decided_on < self.ledger.now else None
        deal = self.ledger.new(
            Opportunity,
            lead=lead,
            company=lead.company,
            handoff=handoff,
            owner=user,
            name=f"{lead.company.name}, {('pilot', 'first year', 'roll-out')[number % 3]}"[:200]
            if lead.company
            else "",
            amount=Decimal(4_000 + 500 * (number * 37 % 160)),
            currency="EUR",
            close_on=decided_on.date(),
            opened_at=opened_at,
        )
        self._deal(deal, "opened", opened_at, cause=deal.worth(), by=user)
        self._enter(lead, "opportunity", opened_at, cause="Opportunity opened", by=user)
        if won_at or lost_at:
            self._close(deal, "won" if won_at else "lost", won_at or lost_at, by=user)

    def _close(self, deal, state, at, *, by):
        reasons = [one for one in self.outcomes if one.outcome == state]
        reason = reasons[deal.handoff_id % len(reasons)]
        deal.state, deal.reason, deal.closed_at, deal.closed_by = state, reason, at, by
        self._deal(deal, state, at, cause=str(reason), by=by, reason=reason.code)
        if state == "lost":
            deal.lead.status = Lead.Status.NURTURING
        stage = "customer" if state == "won" else "sql"
        self._enter(deal.lead, stage, at, cause=f"Opportunity {state}: {reason}", by=by)

    def _deal(self, deal, what, at, **facts):
        terms = {"opportunity": deal.pk, "amount": str(deal.amount), "currency": deal.currency}
        self._event(deal.handoff, f"routing.opportunity_{what}", at, **terms, **facts)

    def _recycle(self, handoff, user, at, *, reason):
        """It has rested ever since, and comes back by itself once it meets the definition."""
        made = self.ledger.new(
            Recycling,
            handoff=handoff,
            reason=reason,
            track=self.track,
            cool_down_until=at + timedelta(days=USUAL),
            lead_status=Lead.Status.CONNECTED,
            recycled_by=user,
            recycled_at=at,
        )
        facts = made.as_told()
        cause = made.get_reason_display()
        self._event(handoff, "routing.recycled", at, by=user, cause=cause, **facts)

    def _reject(self, handoff, user, work):
        reason = self.reasons[work.reason]
        self.ledger.new(
            Rejection,
            handoff=handoff,
            reason=reason,
            note=work.note,
            rejected_by=user,
            destination=reason.destination,
            rejected_at=work.ended_at,
        )
        lost = reason.destination == RejectionReason.Destination.DISQUALIFY
        handoff.lead.status = Lead.Status.UNQUALIFIED if lost else Lead.Status.SALES_UNREADY
        self._event(
            handoff,
            "routing.rejected",
            work.ended_at,
            by=user,
            cause=str(reason),
            reason=reason.code,
            note=work.note,
            destination=reason.destination,
        )
        if not lost:
            self._recycle(handoff, user, work.ended_at, reason=Recycling.Reason.REJECTED)

    def _enter(self, lead, stage, at, *, cause, by=None):
        self.ledger.new(
            StageTransition,
            lead=lead,
            from_stage_id=lead.stage_id,
            to_stage_id=stage,
            actor=by,
            cause=cause,
            happened_at=at,
        )
        lead.stage_id = stage

    def _event(self, handoff, kind, at, *, cause="", by=None, **data):
        return self._note(handoff.lead, kind, at, cause=cause, by=by, handoff=handoff.pk, **data)

    def _note(self, lead, kind, at, *, cause="", by=None, **data):
        return self.ledger.new(
            Event, lead=lead, kind=kind, actor=by, cause=cause, data=data, happened_at=at
        )
