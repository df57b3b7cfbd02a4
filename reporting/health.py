"""How the definition does in practice: how many MQLs, what reps answer, what becomes of them."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, OuterRef

from leads.models import LifecycleStage, Qualification, StageTransition
from reporting import answers
from routing.models import Handoff, Rep

MONTH = timedelta(days=30)
OLDEST = timedelta(days=120)  # of a cohort that has had the time to become SQLs
WEEKS = 4
WORKING_DAYS = 5 * WEEKS


@dataclass(frozen=True)
class Part:
    """So many of so many."""

    part: int
    of: int

    @property
    def share(self):
        """From 0 to 1; None before there are any."""
        return self.part / self.of if self.of else None

    @property
    def rest(self):
        """The others."""
        return Part(self.of - self.part, self.of)


def mqls(handoffs=None, *, since, until):
    """Return the handoffs, or those of these, whose leads became MQLs in [since, until).

    A handoff opens in the moment in which its lead becomes an MQL.
    """
    handoffs = Handoff.objects.all() if handoffs is None else handoffs
    return handoffs.filter(
        kind=Handoff.Kind.FIRST,
        qualification__state=Qualification.State.CONFIRMED,
        opened_at__gte=since,
        opened_at__lt=until,
    )


def rejected(*, now):
    """Return how many of the handoffs that reps answered in the last 30 days were rejected.

    Answered is what was accepted or rejected in that time; what was accepted first and rejected
    later counts once, as rejected.
    """
    answered = answers.answered(Handoff.objects.all(), since=now - MONTH, until=now)
    found = answers.numbers(answered)
    return Part(found.rejected, found.answered)


def converted(*, now):
    """Return how many of the leads that became MQLs 30 to 120 days ago have become SQLs since."""
    cohort = mqls(since=now - OLDEST, until=now - MONTH)
    moves = StageTransition.objects.filter(
        lead=OuterRef("lead"),
        to_stage=LifecycleStage.Key.SQL,
        happened_at__gte=OuterRef("opened_at"),
        happened_at__lte=now,
    )
    leads = Count("lead", distinct=True)
    return Part(
        of=cohort.aggregate(n=leads)["n"],
        part=cohort.filter(Exists(moves)).aggregate(n=leads)["n"],
    )


@dataclass(frozen=True)
class Load:
    """What marketing hands over beside what sales can take, over the last four weeks.

    `mqls` became MQLs in that time, `waiting` handoffs wait for an answer now, `reps` take new
    leads by turns.
    """

    mqls: int
    waiting: int
    reps: int

    @property
    def a_rep_and_day(self):
        """New MQLs for each rep on each working day; None without reps."""
        return self.mqls / (self.reps * WORKING_DAYS) if self.reps else None

    @property
    def a_rep_and_week(self):
        return self.mqls / (self.reps * WEEKS) if self.reps else None

    @property
    def waiting_a_rep(self):
        return self.waiting / self.reps if self.reps else None


def load(*, now):
    """Return the Load as of now."""
    state = Handoff.State
    unanswered = Handoff.objects.filter(state__in=(state.NEW, state.POOLED, state.OFFERED))
    return Load(
        mqls=mqls(since=now - timedelta(weeks=WEEKS), until=now).count(),
        waiting=unanswered.count(),
        reps=Rep.objects.filter(in_rotation=True, user__is_active=True).count(),
    )
