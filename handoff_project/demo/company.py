"""Makes the whole demo company, in one transaction."""

import random
from datetime import UTC, datetime, time, timedelta

from django.db import connection, transaction

from handoff_project.demo import agreements, duplicates, forms, people, present
from handoff_project.demo.arrivals import Arrivals, make_room
from handoff_project.demo.ledger import Ledger
from handoff_project.demo.past import Past
from handoff_project.demo.plans import Planner
from handoff_project.demo.qualifying import judge
from handoff_project.demo.reviews import Marketers
from handoff_project.demo.stories import Imagination
from leads.scoring import scorer
from routing.models import Pool, Rep

FEWEST = 150  # leads; fewer could not hold today's work and a past
DAYS = 365
GROWTH = 2.2  # how many more leads a day there are at the end of the year than at its start
# How many handoffs of earlier days each rep still works, by the place in the team.
LEFT_OPEN = (2, 1, 2, 1)


@transaction.atomic
def make(*, seed, leads, now, days=DAYS):
    """Make the company with this many leads: the same one for the same seed and UTC day.

    The leads came within the past `days`. Everything lies before `now`; the open work is opened
    so that its deadlines fall around it.
    """
    imagination, arrivals = make_past(seed=seed, leads=leads, now=now, days=days)
    open_todays_work(imagination, arrivals, now=now)
    duplicates.make(now=now)
    scorer.rescore_all(now=now)
    _refresh_statistics()


def make_past(*, seed, leads, now, days=DAYS):
    """Make the company and what it did before today's work, for which some leads are left out.

    Return the Imagination and the Arrivals from which the work of today goes on.
    """
    today = datetime.combine(now.date(), time(), tzinfo=UTC)
    make_room(today.date() - timedelta(days=days + 60), today.date() + timedelta(days=92))
    pools = people.make(now=now)
    agreements.make(pools, now=now)
    forms.make()
    # From here on, leads become MQLs by today's script alone.
    quiet = quiet_since(pools.values(), today)

    imagination = Imagination(random.Random(seed), firms=leads * 3 // 10)
    ledger = Ledger(now=now)
    arrivals = Arrivals(ledger)
    ordinary = leads - present.COUNT
    arrivals.tell(crowd(imagination, ordinary, today=today, quiet=quiet, now=now, days=days))
    arrivals.wander(strangers(imagination, leads // 12, now=now))
    _refresh_statistics("leads_lead", "leads_company", "leads_signalday")

    planner = Planner(seed=seed, latest=today)
    marketers = Marketers(seed=seed, latest=quiet)
    passed, declined = judge(arrivals, marketers, until=quiet.date())
    plans = planner.plan(passed, left_open=_left_open(planner.team_reps))
    Past(ledger, arrivals, planner, seed=seed).write(plans, declined=declined)
    return imagination, arrivals


def open_todays_work(imagination, arrivals, *, now):
    """Have leads qualify, and reps work them, in the business hours before `now`."""
    pools = [Pool.objects.get(name=office.team) for office in people.OFFICES]
    slots = present.plan(pools, now=now)
    stories = [imagination.ready(s.kind, s.countries, s.opened_at) for s in slots]
    arrivals.tell(stories)
    leads = [arrivals.leads[story.number] for story in stories]
    present.Today(slots, leads).happen(now=now)


def quiet_since(pools, today):
    """Return the UTC midnight before the earliest moment at which today's work may have begun."""
    oldest = timedelta(minutes=present.FIRST + 30)
    opened = [
        present.opened_before(pool.team.calendar.current().hours(), today, oldest) for pool in pools
    ]
    return datetime.combine(min(opened).date(), time(), tzinfo=UTC)


def crowd(imagination, count, *, today, quiet, now, days):
    """Return the stories of ordinary leads: most of the past, a few since `quiet`."""
    rng = imagination.rng
    newest = max(6, count // 80)
    recent = (today - quiet).days + 1
    past = range(recent, days)
    weights = [
        (1 + GROWTH * (days - ago) / days) * _weekday(today - timedelta(days=ago)) for ago in past
    ]
    stories = [
        imagination.story(today - timedelta(days=ago), until=quiet)
        for ago in sorted(rng.choices(past, weights, k=count - newest), reverse=True)
    ]
    for story in rng.sample(stories, k=count // 25):
        imagination.glance(story, now - timedelta(hours=rng.uniform(0.1, 20)))
    spread = now - quiet
    stories += [
        imagination.newcomer(now - spread * (newest - number - rng.random()) / newest)
        for number in range(newest)
    ]
    return stories


def strangers(imagination, count, *, now):
    """Return visits of people who never said who they are."""
    days = (imagination.rng.uniform(0.01, 90) for _ in range(count))
    return [imagination.stranger(now - timedelta(days=ago)) for ago in days]


def _weekday(day):
    return 1.0 if day.weekday() < 5 else 0.25


def _left_open(team_reps):
    first, *_ = Rep.objects.order_by("pk")
    places = ((rep, LEFT_OPEN[reps.index(rep)]) for reps in team_reps.values() for rep in reps)
    # The very first rep has claimed leads from the pool instead.
    return {rep.pk: 0 if rep == first else count for rep, count in places}


def _refresh_statistics(*tables):
    """The planner has never seen these rows: tell it what there is now."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")
