"""Past its bound each figure raises its advisory, at the bound it does not."""

from datetime import timedelta
from itertools import count

import pytest

from conftest import NOW
from leads.models import (
    Lead,
    LifecycleStage,
    MQLDefinition,
    NotApprovable,
    NotPublishable,
    Qualification,
    StageTransition,
    User,
)
from reporting.advisories import advisories
from reporting.models import JointReview
from routing.models import Handoff, Pool, Rejection, RejectionReason, Rep

DAY = timedelta(days=1)
numbers = count(1)


@pytest.fixture(autouse=True)
def reviewed(company):
    """One rep in rotation, and a definition that was reviewed lately."""
    Rep.objects.exclude(user=company.cast.ana).update(in_rotation=False)
    MQLDefinition.objects.update(reviewed_at=NOW - DAY)


@pytest.fixture
def enough(make):
    """So many MQLs that they are not too few: one a week."""
    for week in range(4):
        make(1, opened=NOW - week * 7 * DAY - DAY)


@pytest.fixture
def make(company, definition):
    """Leads that became MQLs at a moment, and what became of their handoffs."""

    def rows(number, *, opened=NOW - 2 * DAY, answer="", sql=False):
        leads = Lead.objects.bulk_create(
            Lead(email=f"mql{next(numbers)}@acme.example", stage_id="mql", created_at=opened)
            for _ in range(number)
        )
        facts = {"fit": 1, "interest": 1, "total": 2, "tier": "D", "explanation": {"lines": []}}
        qualifications = Qualification.objects.bulk_create(
            Qualification(
                lead=lead,
                ordinal=1,
                definition=definition,
                cause="threshold",
                qualified_at=opened,
                decided_at=opened,
                **facts,
            )
            for lead in leads
        )
        handoffs = Handoff.objects.bulk_create(
            Handoff(
                lead=one.lead,
                qualification=one,
                packet={},
                score=2,
                tier="D",
                opened_at=opened,
                **_state(answer, company.cast.ana.rep, opened),
            )
            for one in qualifications
        )
        if answer == "rejected":
            reject(handoffs, company.cast.ana, opened)
        if sql:
            StageTransition.objects.bulk_create(
                StageTransition(lead=lead, to_stage_id=LifecycleStage.Key.SQL, happened_at=opened)
                for lead in leads
            )
        return handoffs

    return rows


def _state(answer, rep, opened):
    if answer == "rejected":
        return {"state": "rejected", "owner": rep, "closed_at": opened}
    if answer == "accepted":
        return {"state": "accepted", "owner": rep, "accepted_at": opened}
    return {"state": "withdrawn", "closed_at": opened} if answer == "withdrawn" else {}


def reject(handoffs, user, at):
    reason = RejectionReason.objects.get(code="too_early")
    Rejection.objects.bulk_create(
        Rejection(handoff=one, reason=reason, rejected_by=user, rejected_at=at) for one in handoffs
    )


def kinds():
    return {one.kind for one in advisories(now=NOW)}


def only(kind):
    (found,) = [one for one in advisories(now=NOW) if one.kind == kind]
    return found


@pytest.mark.usefixtures("enough")
class TestRejections:
    @pytest.mark.parametrize(
        ("rejected", "accepted", "level"),
        [(20, 80, None), (21, 79, "watch"), (30, 70, "watch"), (31, 69, "act")],
    )
    def test_above_a_fifth_is_watched_and_above_thirty_per_cent_tightened(
        self, make, rejected, accepted, level
    ):
        make(rejected, answer="rejected")
        make(accepted, answer="accepted")
        found = [one for one in advisories(now=NOW) if one.kind == "rejections"]
        assert [one.level for one in found] == ([level] if level else [])

    def test_it_says_the_figure_the_number_and_the_bound(self, make):
        make(31, answer="rejected")
        make(69, answer="accepted")
        assert only("rejections").sentence == (
            "31 of 100 handoffs that reps answered in the last 30 days were rejected: 31 %, "
            "above 30 %."
        )

    def test_fewer_than_twenty_answers_say_nothing(self, make):
        make(19, answer="rejected")
        assert "rejections" not in kinds()
        make(1, answer="rejected")
        assert only("rejections").figure == 1

    def test_only_the_last_thirty_days_count(self, make):
        make(40, answer="rejected", opened=NOW - 30 * DAY)
        make(20, answer="accepted")
        assert "rejections" not in kinds()

    def test_what_was_accepted_first_and_rejected_later_counts_once(self, company, make):
        found = make(20, answer="accepted")
        Handoff.objects.filter(pk__in=[one.pk for one in found[:7]]).update(state="rejected")
        reject(found[:7], company.cast.ana, NOW - DAY)
        assert "7 of 20" in only("rejections").sentence

    def test_its_link_opens_exactly_the_rejected_ones(self, client, company, make):
        make(20, answer="rejected")
        make(20, answer="rejected", opened=NOW - 40 * DAY)
        client.force_login(company.cast.mark)
        listed = client.get(only("rejections").url).context["cl"]
        assert listed.result_count == 20


@pytest.mark.usefixtures("enough")
class TestConversion:
    @pytest.mark.parametrize(("sqls", "others", "raised"), [(10, 90, False), (9, 91, True)])
    def test_below_a_tenth_it_is_raised(self, make, sqls, others, raised):
        make(sqls, opened=NOW - 60 * DAY, answer="accepted", sql=True)
        make(others, opened=NOW - 60 * DAY, answer="accepted")
        assert ("conversion" in kinds()) == raised

    def test_mqls_that_are_too_young_or_too_old_do_not_count(self, make):
        make(50, opened=NOW - 29 * DAY, answer="accepted")
        make(50, opened=NOW - 121 * DAY, answer="accepted")
        assert "conversion" not in kinds()

    def test_a_small_cohort_says_nothing(self, make):
        make(19, opened=NOW - 60 * DAY, answer="accepted")
        assert "conversion" not in kinds()
        make(1, opened=NOW - 60 * DAY, answer="accepted")
        assert only("conversion").sentence == (
            "0 of 20 leads that became MQLs 30 to 120 days ago have become SQLs: 0 %, below 10 %."
        )


class TestVolume:
    @pytest.mark.parametrize(("mqls", "raised"), [(160, False), (161, True)])
    def test_more_than_eight_a_rep_and_working_day_is_too_many(self, make, mqls, raised):
        make(mqls, answer="accepted")
        assert ("too_many" in kinds()) == raised

    def test_another_rep_in_rotation_shares_the_load(self, company, make):
        make(161, answer="accepted")
        company.cast.bo.rep.in_rotation = True
        company.cast.bo.rep.save()
        assert "too_many" not in kinds()

    @pytest.mark.parametrize(("mqls", "raised"), [(4, False), (3, True)])
    def test_fewer_than_one_a_rep_and_week_is_too_few(self, make, mqls, raised):
        make(mqls, answer="accepted")
        assert ("too_few" in kinds()) == raised

    def test_in_the_first_weeks_of_a_definition_few_mqls_say_nothing(self):
        assert "too_few" in kinds()
        MQLDefinition.objects.update(published_at=NOW - 27 * DAY)
        assert "too_few" not in kinds()

    @pytest.mark.parametrize(("waiting", "raised"), [(8, False), (9, True)])
    def test_more_than_a_day_of_unanswered_handoffs_is_a_backlog(
        self, company, make, waiting, raised
    ):
        pool = Pool.objects.get(name="EMEA pool")
        found = make(waiting)
        Handoff.objects.filter(pk__in=[one.pk for one in found]).update(state="pooled", pool=pool)
        assert ("backlog" in kinds()) == raised

    def test_a_lead_that_was_declined_is_no_mql(self, make):
        found = make(161, answer="withdrawn")
        Qualification.objects.filter(handoff__in=found).update(state="declined")
        assert "too_many" not in kinds()

    def test_without_reps_there_is_nothing_to_compare_with(self, make):
        Rep.objects.update(in_rotation=False)
        make(500, answer="accepted")
        assert kinds() == set()


@pytest.mark.usefixtures("enough")
class TestReview:
    @pytest.mark.parametrize(
        ("days", "kind"),
        [(29.9, None), (30, "weights"), (89.9, "weights"), (90, "review")],
    )
    def test_it_reminds_after_a_month_and_asks_after_a_quarter(self, days, kind):
        MQLDefinition.objects.update(reviewed_at=NOW - days * DAY)
        assert kinds() == ({kind} if kind else set())

    def test_a_version_that_nobody_reviewed_counts_from_its_publication(self):
        MQLDefinition.objects.update(reviewed_at=None, published_at=NOW - 100 * DAY)
        assert only("review").sentence == (
            "MQL definition v1 was published, and never reviewed, 100 days ago; "
            "rules are audited every 90 days."
        )

    def test_whoever_signs_may_say_that_it_is_kept(self, company):
        live = MQLDefinition.objects.live()
        MQLDefinition.objects.update(reviewed_at=None, published_at=NOW - 100 * DAY)
        live.review(by=company.cast.tess, now=NOW)
        assert kinds() == set()
        assert (live.reviewed_at, live.reviewed_by) == (NOW, company.cast.tess)
        with pytest.raises(NotApprovable):
            live.review(by=company.cast.ren, now=NOW)

    def test_only_what_holds_is_reviewed(self, company):
        draft = MQLDefinition.draft_from_live(by=company.cast.mark)
        with pytest.raises(NotPublishable):
            draft.review(by=company.cast.mark, now=NOW)


@pytest.mark.usefixtures("enough")
def test_in_good_order_there_is_no_advice(make):
    make(80, answer="accepted", opened=NOW - 60 * DAY)
    make(20, answer="accepted", opened=NOW - 60 * DAY, sql=True)
    (alone,) = advisories(now=NOW)
    assert alone.kind == "joint_review"  # there was none yet
    mark = User.objects.get(email="mark@handoff.example")
    done = {"closed_at": NOW - DAY, "closed_by": mark}
    JointReview.objects.create(number=1, seed=1, begun_by=mark, begun_at=NOW - DAY, **done)
    assert advisories(now=NOW) == []


def test_before_the_first_definition_there_is_no_advice():
    MQLDefinition.objects.update(state="retired")
    assert advisories(now=NOW) == []


@pytest.mark.usefixtures("enough")
def test_what_is_pressing_stands_first(make):
    make(30, answer="rejected")
    make(70, answer="accepted")
    MQLDefinition.objects.update(reviewed_at=NOW - 100 * DAY)
    assert [one.kind for one in advisories(now=NOW)] == ["review", "rejections"]
