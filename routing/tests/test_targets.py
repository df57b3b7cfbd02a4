"""Whom a rule sends leads to, by which method and within which limits."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from conftest import NOW, segment
from leads.models import Delivery
from routing import router
from routing.explanation import explain
from routing.models import Absence, Handoff, Pool, Rep, Rule, RuleSet, Seat, Territory

Target, Method = Rule.Target, Rule.Method


@pytest.fixture
def rules(company):
    """Publish a rule set of these rules, given as columns, before the catch-all of EMEA."""

    def publish(*columns):
        draft = RuleSet.objects.create(catch_all=Pool.objects.get(name="EMEA pool"))
        for place, one in enumerate(columns, 1):
            draft.rules.create(position=place, **{"label": f"Rule {place}", **one})
        draft.publish(by=None, now=NOW)
        return draft

    return publish


@pytest.fixture
def emea(company):
    return Pool.objects.get(name="EMEA pool")


def rep(company, who):
    return Rep.objects.get(user=getattr(company.cast, who))


def owner(handoff):
    return str(handoff.owner or handoff.pool)


def away(who, *, cover=None, days=3):
    return Absence.objects.create(
        rep=who, starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=days), cover=cover
    )


def test_high_value_goes_to_its_named_rep_and_takes_no_turn(company, rules, emea):
    large = segment("Large", ("all", "company.revenue", "at_least", "50000000"))
    rules(
        {"label": "High value", "segment": large, "target": Target.REP, "rep": rep(company, "carl")}
    )
    assert owner(company.handoff()) == "Ana Ruiz"
    employer = {"name": "Big", "domain": "big.example", "employees": 900, "revenue": 80_000_000}
    lead = company.lead("ceo@big.example", employer=employer, conversion={"kind": "demo_request"})
    router.route_new(now=NOW)
    handoff = lead.handoffs.get()
    assert owner(handoff) == "Carl Diaz"
    why = explain(handoff.decisions.get())
    assert why.rules[0].compared == {"Company revenue": "80000000"}
    assert why.candidates[0].result == "Named rep: got it"
    emea.refresh_from_db()
    assert emea.turns == 1


def test_the_account_owner_comes_first_and_else_the_next_rule(company, rules):
    rules({"target": Target.ACCOUNT_OWNER, "otherwise": "next"})
    first = company.handoff()
    assert owner(first) == "Ana Ruiz"
    assert "no account owner" in explain(first.decisions.get()).rules[0].result
    employer = first.lead.company
    employer.account_owner = company.cast.carl
    employer.save()
    assert owner(company.handoff()) == "Carl Diaz"
    away(rep(company, "carl"))
    third = company.handoff()
    assert owner(third) == "Bo Chen"
    (label, asked), *_ = explain(third.decisions.get()).others
    assert (label, asked[0].result) == ("Rule 1", "The account owner: away until 7 Mar 10:00")


def test_who_had_the_lead_before_gets_it_again(company, rules):
    rules({"target": Target.PREVIOUS_OWNER, "otherwise": "next"})
    first = company.handoff(email="again@acme.example")
    assert owner(first) == "Ana Ruiz"
    company.handoff()
    first.withdraw(cause="Test", now=NOW)
    again = Handoff.objects.create(
        lead=first.lead, kind="closing", previous=first, packet=first.packet,
        score=1, tier="A", opened_at=NOW + timedelta(days=1),
    )  # fmt: skip
    router.route_new(now=NOW + timedelta(days=1))
    again.refresh_from_db()
    assert owner(again) == "Ana Ruiz"


class TestTerritories:
    @pytest.fixture(autouse=True)
    def dach(self, company, rules):
        self.company = company
        dach = segment("DACH", ("all", "country", "in", "DE, AT, CH"))
        self.territory = Territory.objects.create(
            name="DACH", segment=dach, primary=rep(company, "bo"), backup=rep(company, "carl"),
            pool=Pool.objects.get(name="EMEA pool"),
        )  # fmt: skip
        rules({"target": Target.TERRITORY, "method": Method.CLAIM})

    def test_the_primary_then_the_backup_then_the_pool(self):
        assert owner(self.company.handoff(country="AT")) == "Bo Chen"
        away(self.territory.primary)
        assert owner(self.company.handoff(country="AT")) == "Carl Diaz"
        away(self.territory.backup)
        waiting = self.company.handoff(country="AT")
        assert (owner(waiting), waiting.decisions.get().nobody) == ("EMEA pool", False)

    def test_a_lead_of_no_territory_goes_on(self):
        handoff = self.company.handoff(country="SE")
        assert owner(handoff) == "Ana Ruiz"
        assert "in no territory" in explain(handoff.decisions.get()).rules[0].result

    def test_what_was_published_stays_although_the_territory_changes(self):
        self.territory.segment.conditions.update(value="SE")
        assert owner(self.company.handoff(country="AT")) == "Bo Chen"

    def test_the_backup_is_somebody_else(self):
        self.territory.backup = self.territory.primary
        with pytest.raises(ValidationError):
            self.territory.full_clean()


class TestMethods:
    def test_weighted_turns_are_spread(self, company, rules, emea):
        rules({"pool": emea, "method": Method.WEIGHTED})
        company.handoff()
        Seat.objects.filter(rep=rep(company, "bo")).update(weight=3)
        got = [owner(company.handoff())[0] for _ in range(8)]
        assert got.count("B") == 6 and "AA" not in "".join(got)

    def test_least_open_work_and_of_equals_who_waited_longest(self, company, rules, emea):
        rules({"pool": emea, "method": Method.LEAST_OPEN})
        first = company.handoff()
        second = company.handoff()
        assert {owner(first), owner(second)} == {"Ana Ruiz", "Bo Chen"}
        second.withdraw(cause="Test", now=NOW)
        assert owner(company.handoff()) == owner(second)
        assert owner(company.handoff()) == owner(first)

    def test_weight_0_gets_nothing_by_turns(self, company, rules, emea):
        company.handoff()
        Seat.objects.filter(rep=rep(company, "ana")).update(weight=0)
        found = [company.handoff() for _ in range(3)]
        assert {owner(one) for one in found} == {"Bo Chen"}
        said = explain(found[0].decisions.get()).candidates[0].result
        assert said == "Weight 0: gets nothing by turns"


class TestLimits:
    @pytest.mark.parametrize(
        ("columns", "limit", "said"),
        [
            ({"open_cap": 0}, {}, "Gets nothing: the cap is 0"),
            ({"open_cap": 1}, {}, "Has 1 open leads of at most 1"),
            ({"daily_cap": 1}, {}, "Has 1 leads today of at most 1"),
            ({}, {"open_cap": 1}, "Has 1 open leads of at most 1"),
            ({}, {"skills": ["healthcare"]}, "Does not know healthcare"),
            ({}, {"match_language": True}, "Does not speak sv"),
        ],
    )
    def test_somebody_at_a_limit_is_left_out_with_the_reason(
        self, company, rules, *, columns, limit, said
    ):
        company.handoff_of(company.cast.ana)
        company.handoff_of(company.cast.bo)
        Rep.objects.filter(user=company.cast.ana).update(**columns)
        Rep.objects.filter(user=company.cast.bo).update(languages=["sv"], skills=["healthcare"])
        rules({"pool": Pool.objects.get(name="EMEA pool"), **limit})
        handoff = company.handoff(language="sv-SE")
        assert explain(handoff.decisions.get()).candidates[0].result == said

    def test_working_hours_are_those_of_the_reps_calendar(self, company, rules, emea):
        rules({"pool": emea, "working_hours": True})
        assert owner(company.handoff()) == "Ana Ruiz"
        night = company.handoff(at=NOW + timedelta(hours=12))
        assert (owner(night), night.decisions.get().nobody) == ("EMEA pool", True)

    def test_a_lead_of_unknown_language_goes_to_anybody(self, company, rules, emea):
        rules({"pool": emea, "match_language": True})
        assert owner(company.handoff()) == "Ana Ruiz"

    def test_a_day_is_the_reps_own(self, company, rules):
        Rep.objects.filter(user__in=[company.cast.ana, company.cast.bo]).update(daily_cap=1)
        late = NOW.replace(hour=22, minute=30)  # 23:30 in Berlin
        found = [company.handoff(at=late) for _ in range(3)]
        assert [owner(one) for one in found] == ["Ana Ruiz", "Bo Chen", "EMEA pool"]
        tomorrow = [company.handoff(at=late + timedelta(hours=1)) for _ in range(2)]
        assert {owner(one) for one in tomorrow} == {"Ana Ruiz", "Bo Chen"}


def test_a_cover_gets_what_would_have_been_theirs(company):
    away(rep(company, "ana"), cover=rep(company, "carl"))
    found = [company.handoff() for _ in range(4)]
    assert sorted(owner(one) for one in found) == ["Bo Chen"] * 2 + ["Carl Diaz"] * 2
    told = {one.name: one.result for one in explain(found[0].decisions.get()).candidates}
    assert told["Ana Ruiz"] == "Away until 7 Mar 10:00; Carl Diaz covers, and got it"


def test_a_cover_gets_no_turns_of_somebody_out_of_rotation(company):
    ana = rep(company, "ana")
    away(ana, cover=rep(company, "carl"))
    Rep.objects.filter(pk=ana.pk).update(in_rotation=False)
    assert [owner(company.handoff()) for _ in range(3)] == ["Bo Chen"] * 3


def test_somebody_back_from_leave_is_not_flooded(company):
    first = company.handoff()
    leave = away(first.owner)
    for _ in range(6):
        assert owner(company.handoff()) == "Bo Chen"
    leave.delete()
    got = [owner(company.handoff()) for _ in range(6)]
    assert sorted(got) == ["Ana Ruiz"] * 3 + ["Bo Chen"] * 3
    assert all(one != other for one, other in pairwise(got))


class TestBacklog:
    def test_what_waited_for_somebody_goes_out_oldest_first(self, company):
        out = Rep.objects.filter(team=company.cast.emea)
        out.update(in_rotation=False)
        waiting = [company.handoff(at=NOW + timedelta(minutes=n)) for n in range(3)]
        assert router.route_waiting(now=NOW) == 0
        assert all(one.decisions.count() == 1 for one in waiting)
        out.filter(user=company.cast.bo).update(in_rotation=True, open_cap=2)
        assert router.route_waiting(now=NOW + timedelta(hours=1)) == 2
        for one in waiting:
            one.refresh_from_db()
        assert [owner(one) for one in waiting] == ["Bo Chen", "Bo Chen", "EMEA pool"]
        assert waiting[0].assignments.get().rep.user == company.cast.bo

    def test_what_is_to_be_claimed_is_left_to_those_who_claim(self, company, rules, emea):
        rules({"pool": emea, "method": Method.CLAIM})
        handoff = company.handoff()
        assert router.route_waiting(now=NOW) == 0
        assert handoff.state == "pooled"

    def test_where_a_team_has_no_manager_revops_hears_of_it(self, company):
        Rep.objects.filter(team=company.cast.americas).update(in_rotation=False)
        company.handoff(country="US")
        told = Delivery.objects.filter(event__kind="routing.routed", channel="in_app")
        assert [one.recipient for one in told] == [company.cast.ren]

    def test_a_team_without_reps_has_a_pool_all_the_same(self, company):
        Rep.objects.filter(team=company.cast.americas).update(team=company.cast.emea)
        handoff = company.handoff(country="US")
        assert (owner(handoff), handoff.decisions.get().nobody) == ("Americas pool", True)
