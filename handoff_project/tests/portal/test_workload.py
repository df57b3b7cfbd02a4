"""How leads were shared out: figures that add up, and whose they are to see."""

import csv
from datetime import timedelta
from io import StringIO

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing import ledger, work_next
from routing.models import Absence, Decision, Pool, Rep, Skip

SOON = NOW + timedelta(hours=1)
PERIOD = {"since": NOW - timedelta(days=7), "until": SOON}


@pytest.fixture
def shared(company, at):
    """Four leads by turns, one of them accepted; then two that nobody could take."""
    offers = [company.handoff() for _ in range(4)]
    offers[0].accept(by=offers[0].owner.user, now=NOW)
    Rep.objects.filter(user=company.cast.ana).update(in_rotation=False)
    Rep.objects.filter(user=company.cast.bo).update(in_rotation=False)
    pooled = [company.handoff() for _ in range(2)]
    at(SOON)
    return offers, pooled


def test_every_decision_is_somebodys_or_waits_in_the_pool(cast, shared):
    pools = list(Pool.objects.order_by("name"))
    americas, emea = ledger.ledger(pools, **PERIOD)
    assert (emea.decisions, emea.got, emea.waits) == (6, 4, 2)
    assert emea.decisions + americas.decisions == Decision.objects.count()
    assert [(str(line.rep), line.got, line.share, line.accepted) for line in emea.lines] == [
        ("Ana Ruiz", 2, 0.5, 1),
        ("Bo Chen", 2, 0.5, 0),
    ]
    assert all(line.passed == {"Out of rotation": 2} for line in emea.lines)
    assert [str(line.rep) for line in americas.lines] == ["Carl Diaz"]


def test_a_decision_of_before_or_after_is_not_counted(shared):
    pools = list(Pool.objects.all())
    assert not sum(
        page.decisions for page in ledger.ledger(pools, since=PERIOD["since"], until=NOW)
    )
    later = ledger.ledger(pools, since=NOW + timedelta(seconds=1), until=SOON)
    assert not sum(page.decisions for page in later)


def test_skips_and_claims_stand_beside_the_turns(cast, shared):
    _, pooled = shared
    work_next.serve(cast.ana.rep, now=NOW)
    Skip.objects.skip(pooled[0], by=cast.ana, reason=Skip.Reason.LANGUAGE, now=NOW)
    pooled[1].accept(by=cast.bo, now=NOW)
    (emea,) = ledger.ledger([pooled[0].pool], **PERIOD)
    ana, bo = emea.lines
    assert (ana.skipped, ana.claimed) == ({"Another language is needed": 1}, 0)
    assert (bo.skipped, bo.claimed) == ({}, 1)
    assert emea.decisions == 6


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        ("Away until 3 Mar 10:00", "Away"),
        ("Has 5 open leads of at most 5", "At a cap"),
        ("Gets nothing: the cap is 0", "At a cap"),
        ("Outside working hours", "Outside working hours"),
    ],
)
def test_causes_are_counted_without_their_figures(why, cause):
    assert ledger.cause_of(why) == cause


def test_a_manager_reads_figures_that_add_up_and_opens_their_rows(read, cast, shared):
    Absence.objects.create(rep=cast.ana.rep, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    page = read.tess.get("portal:workload", query={"days": 7})
    shown = text(page)
    assert "4 went to reps + 2 to the pool itself = 6 routing decisions." in shown
    assert "Out of rotation: 2" in shown and "Away until Thu 5 Mar 10:00" in shown
    assert "Americas pool" not in shown
    for line in page.context["pages"][0].lines:
        query = {"days": 7, "pool": Pool.objects.get(name="EMEA pool").pk, "rep": line.rep.pk}
        rows = read.tess.get("portal:workload-decisions", query=query)
        assert len(rows.context["page"]) == line.got
    rows = read.tess.get("portal:workload-decisions", query=query | {"rep": 0})
    assert len(rows.context["page"]) == 2
    assert read.tess.get("portal:workload-decisions", query={"pool": "x"}).status_code == 404


def test_a_rep_reads_their_own_row_alone(read, cast, shared):
    page = text(read.ana.get("portal:workload"))
    assert "Ana Ruiz" in page and "Bo Chen" not in page
    assert "4 of 6 routing decisions went to reps of your team" in page
    pool = Pool.objects.get(name="EMEA pool").pk
    for rep in (cast.bo.rep.pk, 0):
        query = {"pool": pool, "rep": rep}
        assert read.ana.get("portal:workload-decisions", query=query).status_code == 404


def test_the_file_has_the_pages_figures(read, shared):
    content = read.mia.get("portal:workload-export").content.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(content)))
    emea = [row for row in rows if row["Pool"] == "EMEA pool"]
    assert sum(int(row["Got"]) for row in emea) == 6
    assert [row["Rep"] for row in emea] == ["Ana Ruiz", "Bo Chen", "Waits in the pool"]
    assert emea[0]["Passed over"] == "Out of rotation: 2"


def test_each_number_of_chances_opens_as_many_decisions(read, cast, shared):
    (page,) = read.tess.get("portal:workload", query={"days": 7}).context["pages"]
    opened = 0
    for line in page.lines:
        kinds = [("turn", "", line.turns), ("name", "", line.by_name), ("others", "", line.others)]
        kinds += [("passed", cause, number) for cause, number in line.passed.items()]
        for kind, cause, number in kinds:
            query = {"days": 7, "pool": page.pool.pk, "rep": line.rep.pk, "kind": kind}
            rows = read.tess.get("portal:workload-decisions", query=query | {"cause": cause})
            assert len(rows.context["page"]) == number
            opened += number
    assert opened == sum(line.chances for line in page.lines) == 12
    wrong = {"pool": page.pool.pk, "rep": page.lines[0].rep.pk, "kind": "luck"}
    assert read.tess.get("portal:workload-decisions", query=wrong).status_code == 404


def test_the_page_says_who_is_next_and_why_others_are_not(read, cast, shared):
    page = text(read.tess.get("portal:workload"))
    assert "Nobody could take a turn now: what comes waits in the pool." in page
    Rep.objects.update(in_rotation=True)
    Rep.objects.filter(user=cast.bo).update(open_cap=2, daily_cap=9)
    page = text(read.tess.get("portal:workload"))
    assert "Next by round robin: Ana Ruiz" in page
    assert "2 of 2" in page and "2 of 9" in page and "Has 2 open leads of at most 2" in page


def test_who_was_asked_by_the_last_rule_is_read_from_either_shape_of_a_trace(cast, shared):
    ana, bo = cast.ana.rep.pk, cast.bo.rep.pk
    asked = [[ana, "turn", "Away until 3 Mar 10:00", bo], [bo, "turn", "", None]]
    earlier = {"asked": [[bo, "named rep", "Has 5 open leads of at most 5", None]]}
    newest = Decision.objects.latest("pk")
    newest.trace = {"tried": [earlier, {"asked": asked}]}
    newest.save()
    (emea,) = ledger.ledger([newest.pool], **PERIOD)
    assert [line.passed for line in emea.lines] == [
        {"Out of rotation": 1, "Away": 1},
        {"Out of rotation": 1},
    ]
