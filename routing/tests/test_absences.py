"""What becomes of open work when an absence begins and ends: once, as it was chosen."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import Delivery
from routing import absences
from routing.models import Absence, Reassignment, Refused

DAY = timedelta(days=1)
BACK = NOW + 3 * DAY
Work = Absence.OpenWork


def told(user):
    return [one.payload["subject"] for one in Delivery.objects.visible_to(user).order_by("pk")]


@pytest.fixture
def work(company):
    """Ana holds two leads: one offered, one accepted."""
    offered, accepted = company.handoff_of(company.cast.ana), company.handoff_of(company.cast.ana)
    accepted.accept(by=company.cast.ana, now=NOW)
    return [offered, accepted]


def away(company, on_open_work, who="ana", **values):
    cover = company.cast.bo.rep if on_open_work == Work.COVER else None
    values = {"starts_at": NOW, "ends_at": BACK, "cover": cover} | values
    rep = getattr(company.cast, who).rep
    return Absence.objects.create(rep=rep, on_open_work=on_open_work, **values)


def places(work):
    for one in work:
        one.refresh_from_db()
    return [(one.state, str(one.owner or one.pool)) for one in work]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Work.STAYS, [("offered", "Ana Ruiz"), ("accepted", "Ana Ruiz")]),
        (Work.COVER, [("offered", "Bo Chen")] * 2),
        (Work.POOL, [("pooled", "EMEA pool")] * 2),
    ],
)
def test_open_work_goes_where_it_was_said(company, work, chosen, expected):
    away(company, chosen)
    due = [one.next_due_at for one in work]
    assert absences.begin(now=NOW) == 1
    assert places(work) == expected
    assert [one.next_due_at for one in work] == due


def test_it_begins_once_and_not_before_its_time(company, work):
    away(company, Work.COVER)
    assert absences.begin(now=NOW - timedelta(seconds=1)) == 0
    assert [absences.begin(now=NOW), absences.begin(now=NOW)] == [1, 0]
    assert Reassignment.objects.count() == 2
    assert [word for word in told(company.cast.bo) if "Leads" in word] == ["Leads: 2 now yours"]


def test_a_cover_who_is_away_too_passes_it_on_to_theirs(company, work):
    carl = company.cast.carl.rep
    away(company, Work.STAYS, who="bo", cover=carl)
    away(company, Work.COVER)
    absences.begin(now=NOW)
    assert places(work) == [("offered", "Carl Diaz")] * 2


def test_without_any_cover_present_it_goes_to_the_pool(company, work):
    away(company, Work.STAYS, who="bo")
    away(company, Work.COVER)
    absences.begin(now=NOW)
    assert places(work) == [("pooled", "EMEA pool")] * 2


def test_one_that_was_over_before_anybody_looked_moves_nothing(company, work):
    away(company, Work.COVER)
    assert absences.begin(now=BACK) == 1
    assert places(work) == [("offered", "Ana Ruiz"), ("accepted", "Ana Ruiz")]


def test_at_its_end_nothing_moves_but_the_rep_is_told_once_and_takes_back(company, work):
    cast, take_back = company.cast, Reassignment.objects.take_back
    away(company, Work.COVER)
    absences.begin(now=NOW)
    assert absences.end(now=BACK - timedelta(seconds=1)) == 0
    assert [absences.end(now=BACK), absences.end(now=BACK)] == [1, 0]
    assert places(work) == [("offered", "Bo Chen")] * 2
    assert told(cast.ana)[-1] == "Welcome back: others hold leads of yours"
    held = Reassignment.objects.held_for(cast.ana.rep)
    assert {row.handoff for row in held} == set(work)
    assert take_back(work[0], by=cast.ana, now=BACK)
    assert take_back(work[0], by=cast.ana, now=BACK) is None
    assert places(work) == [("accepted", "Ana Ruiz"), ("offered", "Bo Chen")]
    assert [row.handoff for row in Reassignment.objects.held_for(cast.ana.rep)] == [work[1]]
    assert told(cast.bo)[-1].startswith("No longer yours")


def test_only_what_was_theirs_is_taken_back(company, work):
    away(company, Work.COVER)
    absences.begin(now=NOW)
    other = company.handoff_of(company.cast.bo)
    for handoff, by in ((work[0], company.cast.carl), (other, company.cast.ana)):
        with pytest.raises(Refused, match="offered to Bo Chen"):
            Reassignment.objects.take_back(handoff, by=by, now=BACK)


def test_what_a_manager_gave_elsewhere_meanwhile_is_not_on_the_list(company, work):
    cast = company.cast
    away(company, Work.COVER)
    absences.begin(now=NOW)
    work[0].refresh_from_db()
    Reassignment.objects.reassign(
        work[0], to=cast.carl.rep, by=cast.mia, reason="Boston knows them", now=NOW + DAY
    )
    assert [row.handoff for row in Reassignment.objects.held_for(cast.ana.rep)] == [work[1]]


def test_what_a_colleague_claimed_from_the_pool_is_theirs(company, work):
    away(company, Work.POOL)
    absences.begin(now=NOW)
    work[0].refresh_from_db()
    work[0].accept(by=company.cast.bo, now=NOW + DAY)
    held = Reassignment.objects.held_for(company.cast.ana.rep)
    assert [row.handoff for row in held] == [work[1]]
