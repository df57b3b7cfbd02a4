"""What is to be done for leads, and when: the lists of follow-ups, and their rows."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db.models import Count, Prefetch, Q
from django.utils import timezone

from routing.models import Cadence, FollowUp, Rep, Touch
from routing.models.agenda import answered_for_by, plannable_by
from routing.models.reassignment import PLACED
from sla.models import Clock, ClockKind

REMEMBERED = timedelta(days=30)  # how long what is done stays on the list
LABELS = {
    "overdue": ("Overdue", "Nothing is overdue."),
    "today": ("Today", "Nothing more is due today."),
    "week": ("This week", "Nothing more is due this week."),
    "later": ("Later", "Nothing is planned for later."),
    "done": ("Done", "Nothing was done in the last 30 days."),
}
Outcome = Touch.Outcome
# How each kind may end; of an e-mail that is sent there is little to say.
OUTCOMES = {
    FollowUp.Kind.CALL: (Outcome.CONNECTED, Outcome.VOICEMAIL, Outcome.NO_ANSWER, Outcome.BOOKED),
    FollowUp.Kind.EMAIL: (Outcome.SENT, Outcome.REPLIED, Outcome.BOOKED),
    FollowUp.Kind.MEETING: (Outcome.CONNECTED, Outcome.BOOKED, Outcome.NO_ANSWER),
    FollowUp.Kind.FIRST: tuple(Outcome),
    FollowUp.Kind.OTHER: tuple(Outcome),
}


@dataclass(frozen=True)
class Tab:
    """One list of follow-ups with how many are on it."""

    key: str
    count: int

    @property
    def label(self):
        return LABELS[self.key][0]

    @property
    def empty(self):
        return LABELS[self.key][1]


def reps_of(user):
    """The reps whose follow-ups this person looks after, as their manager."""
    reps = Rep.objects.filter(user__is_active=True).select_related("user")
    if not user.has_perm("routing.reassign_every_handoff"):
        reps = reps.filter(team__manager=user)
    return reps.order_by("user__first_name", "pk")


def of(user, *, rep=None):
    """The follow-ups that this person works, or (given `rep`) looks after.

    Without a rep: their own, and for a manager without leads those of all their reps.
    """
    held = FollowUp.objects.visible_to(user).held()
    if rep:
        return held.filter(handoff__owner=rep)
    if hasattr(user, "rep"):
        return FollowUp.objects.owned_by(user)
    return held.filter(handoff__owner__in=reps_of(user))


def conditions(*, now):
    """Return a condition for each list; open ones are on exactly one of theirs."""
    local = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    day, week = local + timedelta(days=1), local + timedelta(days=7 - local.weekday())
    is_open, late = Q(state=FollowUp.State.OPEN), Q(due_at__lt=now)
    return {
        "overdue": is_open & late,
        "today": is_open & ~late & Q(due_at__lt=day),
        "week": is_open & Q(due_at__gte=max(day, now), due_at__lt=week),
        "later": is_open & (Q(due_at=None) | Q(due_at__gte=max(week, day))),
        "done": Q(state=FollowUp.State.DONE, closed_at__gte=now - REMEMBERED),
    }


def tabs(found, *, now):
    """Return the Tabs of these follow-ups by key, counted in one query."""
    counts = found.order_by().aggregate(
        **{key: Count("pk", filter=one) for key, one in conditions(now=now).items()}
    )
    return {key: Tab(key, counts[key]) for key in LABELS}


def listed(found, key, *, now):
    """Return one list in its order, with what its rows show."""
    rows = with_rows(found.filter(conditions(now=now)[key]))
    return rows.order_by("-closed_at", "-pk") if key == "done" else rows


def with_rows(found):
    """Fetch with these follow-ups, in a fixed number of queries, what their rows show."""
    clocks = Clock.objects.select_related("calendar").order_by("pk")
    first = clocks.filter(kind=ClockKind.FIRST_TOUCH)
    return found.in_order().prefetch_related(
        Prefetch("clocks", clocks), Prefetch("handoff__clocks", first, to_attr="first_touch")
    )


@dataclass(frozen=True)
class Row:
    """A follow-up as a line, with what this person may do about it."""

    follow_up: FollowUp
    clock: Clock | None
    may_do: bool
    may_plan: bool
    may_reassign: bool

    @property
    def outcomes(self):
        return OUTCOMES[FollowUp.Kind(self.follow_up.kind)]

    @property
    def usual(self):
        """The outcome that needs no choice: a mail was sent."""
        return Outcome.SENT if self.follow_up.kind == FollowUp.Kind.EMAIL else ""

    @property
    def nonce(self):
        return uuid4()


def rows(found, *, user):
    """Return follow-ups, fetched by `with_rows`, as lines of this person's list."""
    found = list(found)
    handoffs = {one.handoff_id for one in found}
    theirs = answered_for_by(user).filter(pk__in=handoffs)
    managed = set(theirs.values_list("pk", flat=True)) if found else set()
    return [_row(one, user, one.handoff_id in managed) for one in found]


def _row(one, user, managed):
    clocks = one.handoff.first_touch if one.is_first else list(one.clocks.all())
    may_do = one.may_be_done_by(user)
    changes = one.is_open and not one.is_first and (may_do or managed)
    moves = managed and one.is_open and one.handoff.is_open
    return Row(one, clocks[-1] if clocks else None, may_do, changes, moves)


def of_handoff(handoff, user):
    """What a lead's page shows of its current handoff: open follow-ups, and what may be added.

    And whether this person may give it to somebody else, as one question answers both.
    """
    in_charge = answered_for_by(user).filter(pk=handoff.pk).exists()
    may_plan = plannable_by(handoff, user, in_charge=in_charge)
    planned = [_row(one, user, in_charge) for one in with_rows(handoff.follow_ups.open())]
    running = {row.follow_up.cadence_id for row in planned}
    offered = Cadence.objects.offered() if may_plan else ()
    return {
        "planned": planned,
        "may_plan": may_plan,
        "may_reassign": in_charge and handoff.state in PLACED,
        "cadences": [cadence for cadence in offered if cadence.pk not in running],
    }
