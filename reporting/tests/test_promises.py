"""The numbers of the SLA report, against what happened."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW
from leads.models import Campaign
from reporting import promises
from reporting.filters import PromiseFilter
from routing.models import RejectionReason, Rep, Touch
from sla import pauses
from sla.models import Clock

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def asked(user, *, now=NOW + DAY, **query):
    said = QueryDict(mutable=True)
    said.update(query)
    form = PromiseFilter(said, user=user, now=now)
    assert form.is_valid(), form.errors
    return form


def numbers(user, *, now=NOW + DAY, **query):
    form = asked(user, now=now, **query)
    return promises.numbers(form.clocks(), now=form.now)


def touch(handoff, after):
    user = handoff.owner.user
    handoff.accept(by=user, now=handoff.opened_at)
    Touch.objects.log(
        handoff, by=user, channel="call", outcome="sent", now=handoff.opened_at + after * MINUTE
    )


@pytest.fixture
def week(company):
    """Two touched in time, one late, one never, one rejected in time, one that runs."""
    for after in (10, 30, 90):
        touch(company.handoff(), after)
    company.handoff()
    sent_back = company.handoff()
    reason = RejectionReason.objects.get(code="too_early")
    sent_back.reject(by=sent_back.owner.user, reason=reason, now=NOW + 5 * MINUTE)
    company.handoff(at=NOW + 110 * MINUTE)
    return company


LATER = NOW + 120 * MINUTE


def test_each_promise_has_one_outcome(week):
    found = numbers(week.cast.mia, now=LATER)
    assert (found.handed_off, found.met, found.late) == (6, 2, 1)
    assert (found.untouched, found.running, found.released) == (1, 1, 1)
    assert (found.judged, found.share) == (4, 0.5)


def test_times_are_working_time_and_wall_clock_time(company):
    evening = NOW.replace(hour=15, minute=30)  # half an hour before Berlin closes
    handoff = company.handoff(at=evening)
    handoff.accept(by=handoff.owner.user, now=evening)
    Touch.objects.log(
        handoff,
        by=handoff.owner.user,
        channel="call",
        outcome="sent",
        now=(evening + DAY).replace(hour=8, minute=20),
    )
    found = numbers(company.cast.mia, now=evening + 2 * DAY)
    assert found.median == found.mean == found.p90 == 50 * MINUTE
    assert found.wall_median == timedelta(hours=16, minutes=50)


def test_median_mean_and_p90_are_those_of_a_hand_count(company):
    for after in (10, 20, 30, 40, 50):
        touch(company.handoff(), after)
    found = numbers(company.cast.mia)
    assert (found.median, found.mean, found.p90) == (30 * MINUTE, 30 * MINUTE, 46 * MINUTE)


def test_pauses_do_not_count_as_working_time(company):
    handoff = company.handoff()
    user = handoff.owner.user
    handoff.accept(by=user, now=NOW)
    pauses.pause(handoff, by=user, cause="Back at noon", now=NOW + 10 * MINUTE)
    pauses.resume(handoff, by=user, now=NOW + 70 * MINUTE)
    Touch.objects.log(handoff, by=user, channel="call", outcome="sent", now=NOW + 80 * MINUTE)
    found = numbers(company.cast.mia)
    assert (found.median, found.wall_median, found.met) == (20 * MINUTE, 80 * MINUTE, 1)


def test_a_lead_that_is_waited_for_runs_and_is_not_judged(company):
    handoff = company.handoff()
    handoff.accept(by=handoff.owner.user, now=NOW)
    pauses.pause(handoff, by=handoff.owner.user, cause="Thursday", now=NOW + 10 * MINUTE)
    found = numbers(company.cast.mia, now=NOW + 90 * MINUTE)
    assert (found.running, found.judged) == (1, 0)


def test_an_untouched_lead_counts_as_missed_once_it_is_due(company):
    company.handoff()
    mia = company.cast.mia
    assert numbers(mia, now=NOW + 60 * MINUTE).judged == 0
    late = numbers(mia, now=NOW + 61 * MINUTE)
    assert (late.untouched, late.missed, late.share) == (1, 1, 0)


def test_rejected_after_the_deadline_it_stays_missed(company):
    handoff = company.handoff()
    reason = RejectionReason.objects.get(code="too_early")
    handoff.reject(by=handoff.owner.user, reason=reason, now=NOW + 70 * MINUTE)
    assert numbers(company.cast.mia).untouched == 1


def test_of_mqls_counts_first_touches_whatever_clock_is_chosen(week):
    form = asked(week.cast.mia, clock="accept", now=LATER)
    found = promises.numbers(promises.of_mqls(form.clocks(every=True)), now=LATER)
    assert (found.met, found.judged) == (2, 4)


@pytest.mark.parametrize("by", promises.BY)
@pytest.mark.parametrize("clock", ["all", "first_touch", "accept"])
def test_lines_add_up_to_the_total_and_each_number_opens_its_rows(week, by, clock):
    Campaign.objects.create(name="Spring")
    form = asked(week.cast.mia, now=LATER, clock=clock, by=by)
    total = promises.numbers(form.clocks(), now=LATER)
    lines = promises.lines(form.clocks(), by, now=LATER)
    for name in ("handed_off", *promises.SHOWN):
        assert sum(getattr(line.numbers, name) for line in lines) == getattr(total, name)
        show = "" if name == "handed_off" else name
        assert asked(week.cast.mia, now=LATER, clock=clock, show=show).rows().count() == getattr(
            total, name
        )
        for line in lines:
            one = asked(week.cast.mia, now=LATER, clock=clock, by=by, key=line.key, show=show)
            assert one.rows().count() == getattr(line.numbers, name), (line, name)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    minutes=st.lists(st.tuples(st.integers(0, 300), st.integers(-400, 400)), max_size=12),
    now=st.integers(0, 500),
    by=st.sampled_from(sorted(promises.BY)),
)
def test_whatever_happened_outcomes_and_lines_add_up(week, minutes, now, by):
    """Clocks with any deadlines, ends and cancellations have one outcome at any moment."""
    _any_history(minutes)
    moment = NOW + now * MINUTE
    found = Clock.objects.all()
    total = promises.numbers(found, now=moment)
    parts = (total.met, total.late, total.untouched, total.running, total.released)
    assert sum(parts) == total.handed_off == found.count()
    lines = promises.lines(found, by, now=moment)
    for name in ("handed_off", "met", "late", "untouched", "running", "released"):
        assert sum(getattr(line.numbers, name) for line in lines) == getattr(total, name)


def _any_history(minutes):
    clocks = list(Clock.objects.order_by("pk"))
    for clock, (due, end) in zip(clocks, minutes, strict=False):
        clock.due_at = clock.target_due_at = NOW + due * MINUTE
        clock.bound, clock.stopped_at, clock.cancelled_at = False, None, None
        clock.worked_seconds, clock.state = None, Clock.State.RUNNING
        if end >= 200:
            clock.state, clock.cancelled_at = Clock.State.CANCELLED, NOW + (end - 200) * MINUTE
        elif end >= 0:
            clock.finish(at=max(clock.started_at, NOW + end * MINUTE))
        elif end < -300:
            clock.state = Clock.State.PAUSED
        clock.save()


# --- Who reads what, of which period -----------------------------------------------------------


def test_manager_and_marketer_read_the_same_numbers(week):
    mia, mark = (
        promises.numbers(asked(user, now=LATER).clocks(), now=LATER)
        for user in (week.cast.mia, week.cast.mark)
    )
    assert mia == mark and mia.handed_off == 6


def test_a_team_lead_reads_their_team_and_a_rep_their_own(company):
    company.handoff_of(company.cast.ana)
    company.handoff(country="US")
    cast = company.cast
    everybodys = numbers(cast.mia).handed_off
    of_emea = everybodys - 1
    assert numbers(cast.tess).handed_off == of_emea
    assert (
        numbers(cast.ana).handed_off
        == Clock.objects.filter(handoff__owner__user=cast.ana, kind="first_touch").count()
    )
    assert numbers(cast.carl).handed_off == 1


def test_what_waits_in_the_teams_pool_is_none_of_a_reps_own_numbers(company):
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    assert company.handoff().pool is not None
    assert numbers(company.cast.ana).handed_off == 0
    assert numbers(company.cast.tess).handed_off == 1


def test_nobody_can_choose_a_team_or_a_rep_of_others(company):
    query = QueryDict(f"team={company.cast.americas.pk}")
    assert "team" in PromiseFilter(query, user=company.cast.tess, now=NOW).errors
    query = QueryDict(f"rep={company.cast.bo.rep.pk}")
    assert "rep" in PromiseFilter(query, user=company.cast.ana, now=NOW).errors


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "dates"}, "since"),
        ({"period": "dates", "since": "2026-03-04", "until": "2026-03-01"}, "until"),
        ({"period": "eternity"}, "period"),
        ({"since": "yesterday"}, "since"),
        ({"zone": "team"}, "zone"),
        ({"tier": "Z"}, "tier"),
        ({"clock": "sand"}, "clock"),
        ({"by": "rep", "key": "x"}, "key"),
        ({"by": "rep", "key": "٣"}, "key"),
        ({"show": "all"}, "show"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(company, query, field):
    said = QueryDict(mutable=True)
    said.update(query)
    assert field in PromiseFilter(said, user=company.cast.mia, now=NOW).errors


def test_days_begin_in_the_readers_zone_or_in_the_teams(company):
    company.cast.mia.zone = "Asia/Tokyo"
    company.cast.mia.save()
    dates = {"period": "dates", "since": "2026-03-04", "until": "2026-03-04"}
    since, until = asked(company.cast.mia, **dates).span()
    assert (since.isoformat(), until - since) == ("2026-03-04T00:00:00+09:00", DAY)
    boston = asked(company.cast.mia, team=company.cast.americas.pk, zone="team", **dates)
    assert boston.span()[0].isoformat() == "2026-03-04T00:00:00-05:00"


def test_a_calendar_month_is_compared_with_the_month_before(company):
    form = asked(company.cast.mia, now=NOW, period="last_month")
    assert [str(day.date()) for day in (*form.before(), *form.span())] == [
        "2026-01-01", "2026-02-01", "2026-02-01", "2026-03-01",
    ]  # fmt: skip
    since, until = asked(company.cast.mia, now=NOW, period="7").before()
    assert (since, until) == (NOW - 14 * DAY, NOW - 7 * DAY)


def test_a_report_is_the_same_later_when_its_moment_is_in_the_address(company):
    handoff = company.handoff()
    then = NOW + 61 * MINUTE
    before = numbers(company.cast.mia, now=then)
    touch(handoff, 90)
    again = numbers(company.cast.mia, now=NOW + DAY, at=then.isoformat())
    assert again == before and before.untouched == 1
