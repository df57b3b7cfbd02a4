"""Each invariant sees what breaks it, and says nothing of a company at work."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from conftest import NOW
from leads.models import Delivery, Event, Import
from reporting.invariants import checking
from reporting.invariants.invariant import EXAMPLES, find
from reporting.models import InvariantCheck, Leak
from routing.models import Absence, Handoff, RejectionReason, Touch
from sla import pauses
from sla.models import Clock

LATER = NOW + timedelta(hours=1)
DROP = "ALTER TABLE {} DROP CONSTRAINT {}"
FREE = DROP.format("routing_handoff", "routing_open_handoff_has_owner_or_pool")
# What is done behind Handoff's back to the handoff h of the lead l, both offered and untouched.
PLANTS = {
    "mql-without-handoff": [
        DROP.format("routing_handoff", "routing_handoff_has_its_origin"),
        "UPDATE routing_handoff SET qualification_id = NULL WHERE id = {h}",
    ],
    "not-routed": [FREE, "UPDATE routing_handoff SET state = 'new' WHERE id = {h}"],
    "nobody-has-it": [FREE, "UPDATE routing_handoff SET owner_id = NULL WHERE id = {h}"],
    "no-deadline": ["DELETE FROM sla_clock WHERE handoff_id = {h}"],
    "nobody-reviews": [
        "UPDATE routing_handoff SET state = 'review', owner_id = NULL WHERE id = {h}"
    ],
    "ended-without-reason": ["UPDATE routing_handoff SET state = 'rejected' WHERE id = {h}"],
    "one-open-handoff": [
        "DROP INDEX routing_one_open_handoff_per_lead",
        DROP.format("routing_handoff", "routing_handoff_has_its_origin"),
        "INSERT INTO routing_handoff (kind, state, packet, score, tier, opened_at, lead_id,"
        " owner_id) SELECT kind, state, packet, score, tier, opened_at, lead_id, owner_id"
        " FROM routing_handoff WHERE id = {h}",
    ],
    "merged-into-one-survivor": ["UPDATE leads_lead SET merged_into_id = {other} WHERE id = {l}"],
    "nothing-left-of-the-erased": ["UPDATE leads_lead SET erased_at = now() WHERE id = {l}"],
    "points-add-up": ["UPDATE leads_qualification SET total = total + 1 WHERE lead_id = {l}"],
    "counted-one-by-one": ["UPDATE leads_qualification SET ordinal = 0 WHERE lead_id = {l}"],
    "one-live-version": [
        "DROP INDEX routing_one_live_rule_set",
        "INSERT INTO routing_ruleset (version, state, note, catch_all_id, content_hash, compiled,"
        " published_at) SELECT version + 1, state, note, catch_all_id, content_hash, compiled,"
        " published_at FROM routing_ruleset",
    ],
    "published-is-frozen": ["UPDATE sla_policy SET content_hash = ''"],
    "signed-by-both-sides": ["DELETE FROM leads_approval WHERE side = 'sales'"],
    "every-line-accounted-for": [
        DROP.format("leads_importrun", "leads_import_lines_are_accounted_for"),
        "UPDATE leads_importrun SET lines = lines + 1",
    ],
    "sent-has-its-time": ["UPDATE leads_delivery SET sent_at = NULL WHERE state = 'sent'"],
    "outbox-flows": ["UPDATE leads_delivery SET state = 'dead', sent_at = NULL"],
    "nothing-in-the-future": [
        "INSERT INTO leads_event (kind, cause, data, happened_at)"
        " VALUES ('leads.noted', '', '{{}}', '2090-01-01')"
    ],
    "people-have-roles": ["DELETE FROM leads_user_groups WHERE user_id = {ana}"],
    "held-by-its-owner": ["UPDATE routing_assignment SET rep_id = {carl} WHERE handoff_id = {h}"],
    "held-by-one-at-a-time": [
        "INSERT INTO routing_assignment (cause, started_at, ended_at, handoff_id, rep_id)"
        " SELECT cause, started_at - interval '1 h', started_at + interval '1 h', handoff_id,"
        " {carl} FROM routing_assignment WHERE handoff_id = {h}"
    ],
    "routed-by-a-decision": [
        "UPDATE routing_assignment SET decision_id = NULL",
        "DELETE FROM routing_decision WHERE handoff_id = {h}",
    ],
    "accepted-after-opened": [
        "UPDATE routing_handoff SET accepted_at = opened_at - interval '1 h' WHERE id = {h}"
    ],
    "follows-its-own": ["UPDATE routing_handoff SET previous_id = {elsewhere} WHERE id = {h}"],
    "touched-after-opened": [
        "UPDATE routing_touch SET entered_at = occurred_at - interval '1 h'",
    ],
    "owner-there-or-covered": [
        "UPDATE routing_absence SET starts_at = '2026-03-04 10:05Z', ends_at = '2026-03-09'"
    ],
    "teams-have-managers": ["UPDATE routing_team SET manager_id = NULL"],
    "ended-with-its-handoff": ["UPDATE routing_handoff SET state = 'withdrawn' WHERE id = {h}"],
    "accepted-stops-the-clock": [
        "UPDATE routing_handoff SET state = 'accepted', accepted_at = opened_at WHERE id = {h}"
    ],
    "one-end": ["UPDATE sla_clock SET cancelled_at = started_at WHERE handoff_id = {h}"],
    "ended-takes-no-step": [
        "UPDATE sla_clock SET state = 'cancelled', cancelled_at = started_at WHERE handoff_id = {h}"
    ],
    "due-after-start": [
        "UPDATE sla_clock SET started_at = due_at + interval '1 h' WHERE handoff_id = {h}"
    ],
    "paused-by-a-pause": ["UPDATE sla_clock SET state = 'paused' WHERE handoff_id = {h}"],
    "noticed-in-time": [
        "UPDATE sla_clock SET due_at = '2026-03-04 10:10Z', target_due_at = '2026-03-04 10:10Z'"
        " WHERE handoff_id = {h}"
    ],
    "steps-in-time": [
        "UPDATE sla_clock SET next_step_at = '2026-03-04 10:10Z' WHERE handoff_id = {h}"
    ],
    "pauses-one-by-one": [
        "INSERT INTO sla_pause (clock_id, cause, by_id, started_at, limit_at, ended_at)"
        " SELECT clock_id, cause, by_id, started_at - interval '1 h', limit_at,"
        " started_at + interval '1 s' FROM sla_pause"
    ],
    "noticed-when-due": [
        "INSERT INTO sla_escalation (clock_id, step, due_at, noticed_at, outcome)"
        " SELECT id, 'late', due_at, due_at - interval '1 s', '' FROM sla_clock"
        " WHERE handoff_id = {h}"
    ],
    "next-deadline": ["UPDATE routing_handoff SET next_due_at = NULL WHERE id = {h}"],
    "every-promise-has-a-clock": [
        "DELETE FROM sla_clock WHERE handoff_id = {h} AND kind = 'accept'"
    ],
}


@pytest.fixture
def at_work(company, policy):
    """Handoffs that are offered, accepted, touched, paused, rejected, with an absence to come."""
    ana, carl = company.cast.ana, company.cast.carl
    americas = company.cast.americas
    americas.manager = company.cast.mia
    americas.save()
    told = company.handoff_of(ana)
    elsewhere = company.handoff()
    taken = company.handoff_of(ana)
    taken.accept(by=ana, now=NOW)
    call = Touch.Channel.CALL, Touch.Outcome.CONNECTED
    Touch.objects.log(taken, by=ana, channel=call[0], outcome=call[1], now=NOW)
    waits = company.handoff_of(ana)
    waits.accept(by=ana, now=NOW)
    pauses.pause(waits, by=ana, cause="Asked for a call next week", now=NOW)
    sent_back = company.handoff_of(ana)
    sent_back.reject(by=ana, reason=RejectionReason.objects.get(code="student"), now=NOW)
    Absence.objects.create(
        rep=ana.rep,
        cover=company.cast.bo.rep,
        starts_at=NOW + timedelta(days=30),
        ends_at=NOW + timedelta(days=31),
        on_open_work=Absence.OpenWork.COVER,
    )
    # What the watch and the relay would have done by then.
    Clock.objects.update(next_step_at=None)
    Delivery.objects.update(state=Delivery.State.SENT, sent_at=NOW)
    return {
        "h": told.pk,
        "l": told.lead_id,
        "other": elsewhere.lead_id,
        "elsewhere": elsewhere.pk,
        "ana": ana.pk,
        "carl": carl.rep.pk,
    }


@pytest.fixture
def an_import(company):
    batch = Import.objects.create(
        name="list.csv", source=company.source, created_at=NOW, size=1, digest="x", reading={}
    )
    return batch.runs.create(kind="load", asked_at=NOW)


def run(statements, **names):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
            cursor.execute(statement.format(**names))


def finding_of(key, *, now):
    return find(checking.INVARIANTS[key], checking._moments(now))


AT = NOW + timedelta(minutes=20)  # within every promise


def test_every_invariant_is_broken_once_below():
    assert set(PLANTS) == set(checking.INVARIANTS)


def test_a_company_at_work_breaks_nothing(at_work, an_import):
    assert [one.invariant.key for one in checking.look(now=AT) if not one.holds] == []


@pytest.mark.parametrize("key", PLANTS)
def test_an_invariant_sees_what_breaks_it(key, at_work, an_import):
    if key == "ended-takes-no-step":
        Clock.objects.filter(handoff=at_work["h"]).update(next_step_at=LATER)
    assert finding_of(key, now=AT).holds

    run(PLANTS[key], **at_work)

    found = finding_of(key, now=AT)
    assert found.count >= 1
    assert len(found.examples) == min(found.count, EXAMPLES)


def check(now=AT):
    return checking.check(now=now)


def notices_to(person):
    return Delivery.objects.filter(
        recipient=person, channel=Delivery.Channel.IN_APP, event__kind=checking.MANY
    )


@pytest.mark.parametrize("key", sorted(one.key for one in checking.LEAKS))
def test_a_new_leak_is_told_once_and_stands_in_the_leads_history(key, at_work, company):
    check()
    assert not notices_to(company.cast.ren).exists()

    run(PLANTS[key], **at_work)
    check()
    check(now=AT + timedelta(minutes=1))

    assert notices_to(company.cast.ren).count() == 1
    assert Event.objects.filter(kind=checking.ONE, data__invariant=key).exists()
    assert not notices_to(company.cast.mark).exists()


def test_a_leak_that_comes_back_after_it_was_mended_is_told_again(at_work, company):
    lost = Clock.objects.filter(handoff=at_work["h"])
    gone = list(lost)
    lost.delete()
    check()
    Clock.objects.bulk_create(gone)
    check(now=AT + timedelta(minutes=1))
    assert Leak.objects.get().mended_at == AT + timedelta(minutes=1)

    lost.delete()
    check(now=AT + timedelta(minutes=2))

    assert notices_to(company.cast.ren).count() == 2


def test_many_leaks_are_one_notice(company):
    for _ in range(3):
        company.handoff()
    Clock.objects.all().delete()
    check()

    assert notices_to(company.cast.ren).get().payload["subject"] == "3 leads have leaked"
    assert Event.objects.filter(kind=checking.ONE).count() == 3


def test_however_much_is_wrong_a_few_examples_are_kept(company):
    Event.objects.bulk_create(
        Event(kind="leads.noted", happened_at=NOW + timedelta(days=900)) for _ in range(50)
    )
    found = finding_of("nothing-in-the-future", now=NOW)
    assert (found.count, len(found.examples)) == (50, EXAMPLES)

    check()
    kept = {one["key"]: one for one in InvariantCheck.objects.first().results}
    assert kept["nothing-in-the-future"]["count"] == 50


def test_the_command_ends_with_1_for_what_is_wrong(company, capsys):
    handoff = company.handoff()
    Handoff.objects.filter(pk=handoff.pk).update(accepted_at=NOW - timedelta(days=1))

    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants", "--json")

    assert ended.value.code == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wrong = next(line for line in lines if line["key"] == "accepted-after-opened")
    assert (wrong["count"], wrong["fatal"]) == (1, True)
    assert wrong["examples"] == [[handoff.pk, handoff.lead_id]]
    assert not InvariantCheck.objects.exists()


def test_the_command_ends_with_2_where_something_only_asks_for_attention(db, cast, capsys):
    cast.bo.groups.clear()
    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants")
    assert ended.value.code == 2
    assert "Give them a role" in capsys.readouterr().out
