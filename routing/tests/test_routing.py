import json
from collections import Counter

import pytest
from django.db import connection, connections

from conftest import NOW
from leads.models import Delivery
from routing import router
from routing.explanation import explain
from routing.models import Decision, Handoff, Rep, Rule, RuleSet, RuleSetNotDraft, Team


def owners():
    return Counter(str(h.owner) for h in Handoff.objects.all())


def test_leads_go_round_the_team_by_turns(company):
    for _ in range(5):
        company.handoff()
    assert owners() == {"Ana Ruiz": 3, "Bo Chen": 2}


def test_a_rule_sends_its_segment_to_its_pool(company):
    assert str(company.handoff(country="us").owner) == "Carl Diaz"
    assert str(company.handoff(country="DE").owner) == "Ana Ruiz"


def test_a_lead_is_offered_with_its_decision_assignment_and_event(company):
    handoff = company.handoff(country="DE")
    decision = handoff.decisions.get()
    assert handoff.state == Handoff.State.OFFERED
    assert handoff.assignments.get().decision == decision
    first, last = explain(decision).rules
    assert (first.fits, first.compared) == (False, {"Country": "DE"})
    assert (last.label, last.result) == ("Catch-all", "Fits, so it decides.")
    assert handoff.lead.events.filter(kind="routing.routed", data__to="Ana Ruiz").exists()


def test_reps_out_of_rotation_and_former_ones_are_passed_over_with_the_reason(company):
    Rep.objects.filter(user=company.cast.ana).update(in_rotation=False)
    handoff = company.handoff()
    assert str(handoff.owner) == "Bo Chen"
    reasons = {one.name: one.result for one in explain(handoff.decisions.get()).candidates}
    assert reasons == {"Ana Ruiz": "Out of rotation", "Bo Chen": "Took the turn"}


def test_nobody_available_means_the_pool_and_word_to_the_manager(company):
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    handoff = company.handoff()
    assert (handoff.state, handoff.pool.name) == ("pooled", "EMEA pool")
    told = Delivery.objects.get(
        recipient=company.cast.tess, channel="in_app", event__kind="routing.routed"
    )
    assert told.payload["subject"].startswith("Nobody available for Lena Berg")


def test_a_claim_rule_leaves_the_lead_in_the_pool(company):
    draft = RuleSet.draft_from_live()
    draft.rules.update(method=Rule.Method.CLAIM)
    draft.publish(by=None, now=NOW)
    assert company.handoff(country="US").state == "pooled"


def test_the_owner_is_told_at_once_with_score_and_reasons(company):
    handoff = company.handoff()
    notes = Delivery.objects.filter(recipient=handoff.owner.user)
    assert set(notes.values_list("channel", "state")) == {("in_app", "sent"), ("email", "pending")}
    payload = notes.first().payload
    assert payload["subject"] == "New lead: Lena Berg of Acme"
    assert "Score 40" in payload["body"] and "Demo request" in payload["body"]
    assert payload["url"] == f"/leads/{handoff.lead_id}/"


def test_the_same_inputs_give_the_same_decision(company):
    for _ in range(3):
        company.handoff()
    for decision in Decision.objects.all():
        inputs = router.Inputs.from_json(decision.inputs)
        again = router.decide(decision.rule_set.compiled, inputs)
        assert (again.rep, again.pool) == (decision.rep_id, decision.pool_id)
        assert json.loads(json.dumps(again.trace)) == decision.trace


def test_a_lead_waits_until_there_is_a_rule_set(company):
    RuleSet.objects.update(state="retired")
    handoff = company.handoff()
    assert handoff.state == "new"
    RuleSet.objects.update(state="published")
    assert router.route_new(now=NOW) == 1


def test_a_published_rule_set_is_not_published_again(company):
    with pytest.raises(RuleSetNotDraft):
        RuleSet.objects.live().publish(by=None, now=NOW)


def test_the_packet_holds_what_was_known_and_never_changes(company):
    handoff = company.handoff(phone="+49 30 1234")
    packet = handoff.packet
    assert packet["contact"]["phone"] == "+49 30 1234"
    assert packet["company"] | {"name": "Acme", "employees": 800} == packet["company"]
    assert packet["conversion"]["form"] == "Demo"
    assert packet["behaviour"]["counts"] == {"Demo requested": 1}
    company.lead(handoff.lead.email, phone="+49 30 9999")
    handoff.refresh_from_db()
    assert handoff.packet == packet


def test_a_lead_that_cannot_be_routed_holds_up_nobody_elses(company, monkeypatch):
    first, second = company.handoff(route=False), company.handoff(route=False)
    decide = router.decide

    def broken(form, inputs):
        if inputs.handoff == first.pk:
            raise RuntimeError("no decision")
        return decide(form, inputs)

    monkeypatch.setattr(router, "decide", broken)
    assert router.route_new(now=NOW) == 1
    states = [Handoff.objects.get(pk=one.pk).state for one in (first, second)]
    assert states == ["new", "offered"]
    monkeypatch.undo()
    assert router.route_new(now=NOW) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_batch_that_waits_too_long_for_a_team_is_left_to_the_next_sweep(company, monkeypatch):
    handoff = company.handoff(route=False)
    monkeypatch.setattr(router, "one_by_one", None)  # each lead would wait as long again
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    other = connections.create_connection("default")
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {Team._meta.db_table} FOR NO KEY UPDATE")
    try:
        assert router.route_new(now=NOW) == 0
    finally:
        other.rollback()
        other.close()
    assert router.route_new(now=NOW) == 1
    connection.close()  # with its short patience
    handoff.refresh_from_db()
    assert handoff.owner is not None
