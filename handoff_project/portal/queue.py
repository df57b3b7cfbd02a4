"""What a rep's queue holds: its tabs, its rows in the order of work, and what is new in it."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise

from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.utils import timezone

from leads.text import whole
from routing.models import Handoff, Touch
from sla.models import Clock, Silence

SEEN = 1_000  # handoffs that an open page remembers having shown
WHY = 2  # reasons that a row names


@dataclass(frozen=True)
class Tab:
    """One list of the queue. `handoffs` holds only what this user may see."""

    key: str
    label: str
    handoffs: object
    empty: str

    @cached_property
    def count(self):
        return self.handoffs.count()

    def sources(self):
        """Return the lead sources that occur in this list, by name."""
        found = self.handoffs.order_by("lead__lead_source").values_list("lead__lead_source")
        return [source for (source,) in found.distinct() if source]


def tabs(user, *, now):
    """Return the queue's tabs by key, in their order."""
    mine = Handoff.objects.owned_by(user).for_queue()
    found = [
        Tab("mine", "Mine", mine.awake(now=now), "Queue clear."),
        Tab(
            "pool",
            "Team pool",
            Handoff.objects.waiting_for_team_of(user).for_queue(),
            "Nothing waits in your team's pools.",
        ),
        Tab(
            "snoozed",
            "Snoozed",
            mine.snoozed(now=now),
            "No lead is snoozed. On a lead's page, More has “Snooze”: it comes back by itself.",
        ),
        Tab(
            "waiting",
            "Waiting",
            waiting(user).for_queue(),
            "You wait for no lead. On a lead's page, More has “Wait for lead”: its clocks rest.",
        ),
        Tab(
            "done",
            "Done today",
            done_today(user, now=now),
            "Nothing yet: leads that you touch or reject today are listed here.",
        ),
    ]
    return {tab.key: tab for tab in found}


def around(handoff, user, *, now):
    """Return the leads (ids) before and after this handoff's in the user's queue, or None."""
    if not handoff.held_by(user):
        return None, None
    mine = Handoff.objects.owned_by(user).for_queue().awake(now=now)
    leads = list(mine.values_list("lead", flat=True))
    if handoff.lead_id not in leads:
        return None, None
    place = leads.index(handoff.lead_id)
    return leads[place - 1] if place else None, next(iter(leads[place + 1 :]), None)


def waiting(user):
    """The user's handoffs with a paused clock: the next step is the lead's."""
    paused = Clock.objects.filter(handoff=OuterRef("pk"), state=Clock.State.PAUSED)
    return Handoff.objects.owned_by(user).filter(Exists(paused))


def done_today(user, *, now):
    """The user's handoffs that were closed or touched since midnight in the current zone."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    touched = Touch.objects.filter(handoff=OuterRef("pk"), user=user, entered_at__gte=midnight)
    mine = Handoff.objects.filter(owner__user=user)
    done = mine.filter(Q(closed_at__gte=midnight) | Exists(touched))
    return done.for_queue().order_by(F("closed_at").desc(nulls_last=True), "-accepted_at", "-pk")


@dataclass(frozen=True)
class Row:
    """A handoff as a line of the queue."""

    handoff: Handoff
    clock: Clock | None
    why: list[str]
    touches: list[Touch]
    may_accept: bool
    may_touch: bool
    missing: list[str] = field(default_factory=list)

    @property
    def why_more(self):
        """How many reasons there are besides those that `why_shown` names."""
        return max(0, len(self.why) - WHY)

    @property
    def why_shown(self):
        return self.why[:WHY]

    @property
    def last_touch(self):
        return self.touches[-1] if self.touches else None


def with_rows(handoffs):
    """Fetch with these handoffs, in a fixed number of queries, what their rows show."""
    # The packet is large; a row needs three parts of it.
    return (
        handoffs.defer("packet")
        .annotate(lines=F("packet__score__lines"), cause=F("packet__score__cause"))
        .annotate(missing=F("packet__score__missing"))
        .prefetch_related(Prefetch("clocks", Clock.objects.select_related("calendar")), "touches")
    )


def row(handoff, *, user):
    """Return one handoff, fetched by `with_rows`, as a line of this user's queue."""
    held = handoff.held_by(user) and handoff.state == Handoff.State.ACCEPTED
    return Row(
        handoff,
        clock_of(handoff.clocks.all()),
        reasons(handoff.lines, handoff.cause),
        list(handoff.touches.all()),
        handoff.may_be_accepted_by(user),
        held,
        handoff.missing or [],
    )


def clock_of(clocks):
    """Return the clock that a row shows: the running one due first, else one that is paused, else
    the latest stopped."""
    for state in (Clock.State.RUNNING, Clock.State.PAUSED):
        found = [clock for clock in clocks if clock.state == state]
        if found:
            return min(found, key=lambda clock: clock.due_at)
    stopped = [clock for clock in clocks if clock.stopped_at and clock.follow_up_id is None]
    return max(stopped, key=lambda clock: clock.stopped_at, default=None)


def reasons(lines, cause):
    """Return why the lead was handed over: what counted most first, else the cause."""
    counted = [line for line in lines or () if line["counted"] and line["kind"] != "do_not_pass"]
    counted.sort(key=lambda line: (line["kind"] != "fast_track", -line["points"]))
    return list(dict.fromkeys(_named(line) for line in counted)) or [cause]


def _named(line):
    return f"{line['label']} x{line['count']}" if line["count"] > 1 else line["label"]


@dataclass(frozen=True)
class News:
    """What changed since a page was made: `shown` is on it, `waiting` new, `gone` taken away."""

    shown: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    mine: set[int] = field(default_factory=set)
    pool: set[int] = field(default_factory=set)
    is_new: bool = False

    @property
    def etag(self):
        ids = ",".join(map(str, sorted(self.mine | self.pool)))
        return f'"{hashlib.sha256(ids.encode()).hexdigest()[:16]}"'

    @property
    def tab(self):
        """The tab where what is new can be seen."""
        return "mine" if self.waiting & self.mine or not self.waiting else "pool"


def where_gone(handoff, *, user, now):
    """Return one sentence on why a row that a page shows is no longer in the lists."""
    if handoff.held_by(user) and handoff.state in Handoff.HELD:
        return "You snoozed this lead."
    return handoff.standing(now=now)


def silences(user):
    """Why this rep gets no new leads, if the watch took them out of rotation."""
    rep = getattr(user, "rep", None)
    if rep is None or rep.in_rotation:
        return []
    return Silence.objects.endable_by(user).filter(rep=rep).order_by("-since")[:1]


def news(user, *, now, shown=(), waiting=()):
    """Return the News for a page that shows, and has told of, these handoffs' ids."""
    mine = set(newest(Handoff.objects.owned_by(user).awake(now=now)))
    pool = set(newest(Handoff.objects.waiting_for_team_of(user)))
    now_open, shown, told = mine | pool, set(shown), set(waiting)
    return News(
        shown=shown & now_open,
        waiting=now_open - shown,
        gone=shown - now_open,
        mine=mine,
        pool=pool,
        is_new=now_open != shown | told,
    )


def newest(handoffs):
    return handoffs.order_by("-pk").values_list("pk", flat=True)[:SEEN]


def pack(ids):
    """Return ids as short text for a link: the first, then the gaps. Undone by `unpack`."""
    ordered = sorted(ids)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    return "-".join(map(str, ordered[:1] + gaps))


def unpack(text):
    """Return the ids of a packed text; nothing where it was not made by `pack`."""
    parts = [whole(part) for part in text.split("-")]
    return set() if None in parts else set(accumulate(parts))
