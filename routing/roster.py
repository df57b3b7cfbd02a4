"""Loads what a decision looks at, under locks, and stores the turns that were taken.

What a rep holds counts for all pools of their team, so the lock is the team's: whoever routes locks
the teams whose reps could get one of the leads, in the order of their ids. Caps and turns are
therefore exact, however many workers route at once.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.utils.formats import date_format

from leads import bulk
from routing import deciding
from routing.hours import BusinessCalendar, always_open
from routing.inputs import Candidate, Turns
from routing.models import (
    Absence,
    Assignment,
    CalendarVersion,
    Handoff,
    Pool,
    Rep,
    Seat,
    Team,
)
from routing.models.team import main_language
from routing.rotation import Place

HELD = (Handoff.State.OFFERED, Handoff.State.ACCEPTED)


class Roster:
    """Pools with their turns, and reps with what they hold; kept up to date as leads are given."""

    def __init__(self, *, now):
        self.now = now
        self.pools: dict[int, Turns] = {}
        self.reps: dict[int, Candidate] = {}
        self._hours: dict[int, BusinessCalendar] = {}  # by rep
        self._seats: dict[tuple, Seat] = {}
        self._taken: set = set()  # pools of which a turn was taken

    @classmethod
    def loaded(cls, pool_ids, rep_ids, *, now, lock=True):
        """Return the Roster of these pools and reps; with `lock`, it holds until the commit."""
        self = cls(now=now)
        # Read once: who covers must be among those who are loaded.
        away = {one.rep_id: one for one in Absence.objects.away(now)}
        covers = _covers(pool_ids, rep_ids, away)
        if lock:
            _lock(pool_ids, {*rep_ids, *covers})
        pools = list(Pool.objects.filter(pk__in=pool_ids).order_by("pk"))
        reps = _reps(pools, {*rep_ids, *covers})
        self._load_reps(reps, away)
        self._load_turns(pools, reps, add=lock)
        return self

    def send_away(self, reps):
        """Take these reps as away, with nobody who covers for them."""
        for rep in set(reps) & set(self.reps):
            had = self.reps[rep]
            self.reps[rep] = had._replace(away=had.away or "Taken as away", cover=None)

    def then(self, moment):
        """The reps as they are, but at work or not, and with a new day, as at another moment."""
        same_day = moment.date() == self.now.date()
        return {
            rep: one._replace(
                closed=_why_closed(self._hours[rep], now=moment), today=one.today * same_day
            )
            for rep, one in self.reps.items()
        }

    def inputs(self, facts, form):
        """Return the Inputs of a lead, of which `facts` are known: with whom it could go to."""
        pools, reps = deciding.needs(form, facts)
        seated = {place.rep for pool in pools for place in self.pools[pool].places}
        wanted = self._with_covers({*reps, *seated})
        return replace(
            facts,
            reps={rep: self.reps[rep] for rep in sorted(wanted)},
            pools={pool: self.pools[pool] for pool in sorted(pools)},
        )

    def give(self, outcome):
        """Note who got the lead, so that the next one is decided on what holds then."""
        if outcome.rep is not None:
            had = self.reps[outcome.rep]
            self.reps[outcome.rep] = had._replace(open=had.open + 1, today=had.today + 1)
        self.turn(outcome)

    def turn(self, outcome):
        """Note the turn that was taken, if one was."""
        if outcome.turns is not None:
            self.pools[outcome.pool] = outcome.turns
            self._taken.add(outcome.pool)

    def store(self):
        """Write the turns that were taken."""
        rows = []
        for pool in sorted(self._taken):
            for place in self.pools[pool].places:
                seat = self._seats[pool, place.rep]
                at = seat.last_turn_at if place.last_turn == seat.last_turn else self.now
                rows.append(
                    [seat.pk, place.credit, place.turns, place.last_turn, at, place.present]
                )
        bulk.change(Seat, ["credit", "turns", "last_turn", "last_turn_at", "present"], rows)
        bulk.change(Pool, ["turns"], [[pool, self.pools[pool].number] for pool in self._taken])

    def _with_covers(self, wanted):
        found = set(wanted)
        while more := {self.reps[rep].cover for rep in found} - found - {None}:
            found |= more
        return found

    def _load_reps(self, reps, away):
        hours = _hours({rep.works_by for rep in reps})
        held = dict(
            Handoff.objects.filter(owner__in=reps, state__in=HELD)
            .order_by()
            .values_list("owner")
            .annotate(Count("pk"))
        )
        today = _got_today(reps, hours, now=self.now)
        for rep in reps:
            absence = away.get(rep.pk)
            self._hours[rep.pk] = hours[rep.works_by]
            self.reps[rep.pk] = Candidate(
                rep=rep.pk,
                name=str(rep),
                away=_why_away(rep, absence),
                cover=absence.cover_id if absence and rep.user.is_active else None,
                in_rotation=rep.in_rotation,
                open=held.get(rep.pk, 0),
                today=today.get(rep.pk, 0),
                open_cap=rep.open_cap,
                daily_cap=rep.daily_cap,
                closed=_why_closed(hours[rep.works_by], now=self.now),
                languages=[main_language(one) for one in rep.languages],
                skills=rep.skills,
            )

    def _load_turns(self, pools, reps, *, add):
        members = defaultdict(list)
        for rep in sorted(reps, key=lambda rep: rep.pk):
            members[rep.team_id].append(rep)
        if add:
            Seat.objects.complete(*pools)
        found: dict = defaultdict(dict)
        for seat in Seat.objects.filter(pool__in=pools).order_by("pk"):
            found[seat.pool_id][seat.rep_id] = seat
        for pool in pools:
            mine = {rep.pk for rep in members[pool.team_id]}
            seats = [seat for rep, seat in found[pool.pk].items() if rep in mine]
            new = [Seat(rep=rep) for rep in members[pool.team_id] if rep.pk not in found[pool.pk]]
            self.pools[pool.pk] = Turns(pool.name, pool.turns, [_place(s) for s in [*seats, *new]])
            self._seats |= {(pool.pk, seat.rep_id): seat for seat in seats}


def _place(seat):
    return Place(seat.rep_id, seat.weight, seat.credit, seat.turns, seat.last_turn, seat.present)


def _covers(pool_ids, rep_ids, away):
    """Who covers for these reps and those of the pools' teams, and for those covers, and so on."""
    covered = {rep: one.cover_id for rep, one in away.items() if one.cover_id}
    if not covered:
        return set()
    members = Rep.objects.filter(team__pools__in=pool_ids).values_list("pk", flat=True)
    found: set = set()
    new = {covered[rep] for rep in {*members, *rep_ids} if rep in covered}
    while new - found:
        found |= new
        new = {covered[rep] for rep in new if rep in covered}
    return found


def _lock(pool_ids, rep_ids):
    teams = {
        *Pool.objects.filter(pk__in=pool_ids).values_list("team", flat=True),
        *Rep.objects.filter(pk__in=rep_ids).values_list("team", flat=True),
    }
    # Reps may be given leads by others meanwhile: their foreign keys need no more than the key.
    locked = Team.objects.filter(pk__in=teams).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk", flat=True))


def _reps(pools, rep_ids):
    teams = {pool.team_id for pool in pools}
    asked = Rep.objects.filter(Q(team__in=teams) | Q(pk__in=rep_ids)).select_related("user")
    # Of hundreds of reps, no more is read than their calendar's id.
    return list(asked.annotate(works_by=Coalesce("calendar_id", "team__calendar_id")))


def _hours(calendars):
    """The hours that hold now, by the ids of calendars."""
    newest = CalendarVersion.objects.filter(calendar__in=calendars).order_by("calendar", "-number")
    found = {version.calendar_id: version.hours() for version in newest.distinct("calendar")}
    # A calendar that says nothing yet keeps nobody from a lead.
    return {calendar: found.get(calendar, always_open()) for calendar in calendars}


def _got_today(reps, hours, *, now):
    """How many leads each rep got on this day of their own zone."""
    by_zone = defaultdict(list)
    for rep in reps:
        by_zone[hours[rep.works_by].zone].append(rep.pk)
    found: dict[int, int] = {}
    for zone, mine in by_zone.items():
        here = now.astimezone(ZoneInfo(zone))
        midnight = datetime(here.year, here.month, here.day, tzinfo=here.tzinfo)
        got = Assignment.objects.filter(rep__in=mine, started_at__gte=midnight).order_by()
        found |= dict(got.values_list("rep").annotate(Count("pk")))
    return found


def _why_away(rep, absence):
    if not rep.user.is_active:
        return "No longer active"
    if absence is None:
        return ""
    until = absence.ends_at.astimezone(rep.user.tzinfo)
    return f"Away until {date_format(until, 'j M H:i')}"


def _why_closed(hours, *, now):
    return "" if hours.is_open(now) else "Outside working hours"
