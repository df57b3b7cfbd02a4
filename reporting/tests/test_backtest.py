"""New MQLs week by week, and what they ask of the reps."""

from datetime import timedelta

from conftest import NOW
from leads.intake import receive
from leads.models import Lead, MQLDefinition, SignalDay
from reporting.tests.conftest import done, warm
from routing.models import Handoff, Rep, RuleSet

DAY = timedelta(days=1)


def views_pricing(company, lead, at):
    item = {"message_id": f"{lead.pk}-{at}", "kind": "page_view", "url": "/pricing"}
    item |= {"email": lead.email, "occurred_at": at.isoformat()}
    receive.receive_touchpoints([item], source=company.source, now=NOW)
    company.score()


def by_week(run, side):
    return {week["end"]: week[side] for week in run.result["weeks"] if week[side]}


def test_weeks_are_13_and_the_last_ends_today(draft, ask):
    run = done(ask(draft))
    assert [week["end"] for week in run.result["weeks"]][::12] == ["2025-12-10", "2026-03-04"]


def test_a_lead_counts_in_the_week_in_which_it_first_met_each_version(company, draft, ask):
    lead = warm(company, at=NOW - 40 * DAY)
    views_pricing(company, lead, NOW - 9 * DAY)
    run = done(ask(draft))
    assert by_week(run, "draft") == {"2026-01-28": 1}
    assert by_week(run, "live") == {"2026-02-25": 1}


def test_what_a_lead_did_later_does_not_count_before(company, draft, ask):
    lead = warm(company, at=NOW - 40 * DAY)
    views_pricing(company, lead, NOW)
    assert by_week(done(ask(draft)), "live") == {"2026-03-04": 1}


def test_who_met_it_before_the_window_is_not_counted(company, draft, ask):
    warm(company, at=NOW - 92 * DAY)
    warm(company, at=NOW - 90 * DAY)
    assert by_week(done(ask(draft)), "draft") == {"2025-12-10": 1}


def test_who_drops_out_and_comes_back_is_counted_once(company, draft, ask):
    lead = warm(company, at=NOW - 80 * DAY)
    views_pricing(company, lead, NOW - 75 * DAY)
    views_pricing(company, lead, NOW - 2 * DAY)
    SignalDay.objects.get(lead=lead, day=(NOW - 75 * DAY).date())
    assert by_week(done(ask(draft)), "live") == {"2025-12-24": 1}


def test_before_the_first_version_nobody_met_it(company, draft, ask):
    MQLDefinition.objects.filter(version=1).update(state="retired")
    warm(company)
    run = done(ask(draft))
    assert (run.against, by_week(run, "live"), by_week(run, "draft")) == (
        None,
        {},
        {"2026-03-04": 1},
    )


def test_the_load_is_split_by_the_routing_rules_and_adds_up_to_the_weeks(company, draft, ask):
    for country, days in (("US", 1), ("US", 20), ("DE", 3), ("DE", 27), ("SE", 28), ("US", 60)):
        warm(company, at=NOW - days * DAY, country=country)
    views_pricing(company, Lead.objects.get(country="SE"), NOW - 5 * DAY)
    Rep.objects.filter(user=company.cast.bo).update(in_rotation=False)
    run = done(ask(draft))
    assert run.result["load"] == [
        {"pool": "Americas pool", "reps": 1, "live": 0, "draft": 2},
        {"pool": "EMEA pool", "reps": 1, "live": 1, "draft": 2},
    ]
    last = run.result["weeks"][-run.result["over"] :]
    for side in ("live", "draft"):
        of_pools = sum(pool[side] for pool in run.result["load"])
        assert of_pools == sum(week[side] for week in last)


def test_who_got_a_lead_in_these_weeks_did_not_have_it_before(company, draft, ask, rule_set):
    again = RuleSet.objects.create(catch_all=rule_set.catch_all)
    again.rules.create(position=1, label="Known already", target="previous_owner")
    for position, rule in enumerate(rule_set.rules.all(), start=2):
        rule.pk, rule.rule_set, rule.position = None, again, position
        rule.save()
    again.publish(by=None, now=NOW)
    company.handoff(at=NOW - 2 * DAY, country="US")
    known = company.handoff(at=NOW - 2 * DAY, country="US")
    Handoff.objects.filter(pk=known.pk).update(opened_at=NOW - 60 * DAY)
    assert done(ask(draft)).result["load"] == [
        {"pool": "Americas pool", "reps": 1, "live": 1, "draft": 1},
        {"pool": "EMEA pool", "reps": 2, "live": 1, "draft": 1},
    ]


def test_without_routing_rules_there_is_no_load(company, draft, ask):
    RuleSet.objects.update(state="retired")
    warm(company)
    assert done(ask(draft)).result["load"] == []
