"""A person is forgotten everywhere, and what was counted stays counted."""

import json
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from conftest import NOW
from handoff_project.backups import erasures
from leads import consents, merging
from leads.duplicates import finding
from leads.intake import events, receive
from leads.intake.wire import events_of
from leads.models import (
    Delivery,
    ErasureLedger,
    Event,
    Example,
    Identity,
    ImportRun,
    Lead,
    MQLDefinition,
    NotPossible,
    Pending,
    Qualification,
    RefusedEvent,
    Score,
    SignalDay,
    Touchpoint,
)
from leads.privacy import erasing
from leads.scoring import scorer
from leads.tests.lists import run, upload
from reporting import promises
from reporting.invariants.checking import look
from routing import router
from routing.models import (
    ChecklistAnswer,
    ChecklistQuestion,
    Handoff,
    Opportunity,
    RejectionReason,
    Touch,
)
from sla.models import Clock

CANARY = "Xanthippe"
EMAIL = f"{CANARY}@acme.example"
NAME = f"{CANARY} Quill"
LATER = NOW + timedelta(hours=1)
LIST = f"Email,Name,Phone\n{EMAIL},{NAME},+49 30 {CANARY}\nother@acme.example,Kim,\n"


def whereabouts(word=CANARY):
    """Every table and column that holds the word in any of its rows, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(
                    f'SELECT COUNT(*) FROM "{table}" WHERE "{column.name}"::text ILIKE %s '
                    f'OR "{column.name}"::text ILIKE %s',
                    # Bytes are shown as hexadecimal digits.
                    [f"%{word}%", f"%{word.encode().hex()}%"],
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column.name}")
    return sorted(found)


def sent(company, *batch, at=NOW):
    stamped = [
        {"timestamp": at.isoformat(), "messageId": f"{CANARY}-{n}", **one}
        for n, one in enumerate(batch)
    ]
    found = events_of({"batch": stamped}, "batch", now=at)
    events.receive_events(found, source=company.source, now=at)


@pytest.fixture
def canary(company, client, monkeypatch):
    """A lead that went through every door with the canary in every field."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    run(upload(LIST, name="list.csv"))
    run(upload(f"Email,Name\nno address,{NAME}\n", name="broken.csv"))
    body = {
        "contact": {
            "email": EMAIL,
            "phone": f"+49 30 {CANARY}",
            "job_title": f"VP {CANARY}",
            **dict.fromkeys(("seniority", "department", "region", "postal_code"), CANARY),
            "user_id": f"{CANARY}-user",
            "anonymous_id": f"{CANARY}-browser",
            "email_consent": "given",
            "consent_text": f"I, {CANARY}, agree.",
        },
        "company": {"name": "Acme", "domain": "acme.example", "employees": 800},
        "source": "Website",
        "conversion": {
            "kind": "demo_request",
            "form": "Demo",
            "answers": {f"Who is {CANARY}?": CANARY},
            "page_url": f"/demo?name={CANARY}",
            "referrer": f"https://search.example/?q={CANARY}",
        },
    }
    client.post(
        "/api/v1/leads/",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {company.source.token}", "Idempotency-Key": "k1"},
    )
    sent(
        company,
        {
            "type": "track",
            "event": f"Looked at {CANARY}",
            "userId": f"{CANARY}-user",
            "properties": {"who": CANARY, "url": f"/pricing/{CANARY}"},
            "context": {
                "page": {"title": CANARY, "referrer": f"https://{CANARY}.example"},
                "sessionId": f"{CANARY}-visit",
            },
        },
        {"type": "identify", "anonymousId": f"{CANARY}-phone", "traits": {"name": CANARY}},
        {"type": "alias", "userId": f"{CANARY}-user", "previousId": f"{CANARY}-phone"},
        {"type": "nonsense", "userId": f"{CANARY}-user", "traits": {"email": EMAIL}},
    )
    company.score()
    router.route_new(now=NOW)
    return Lead.objects.get(email=EMAIL.lower())


@pytest.fixture
def worked(canary, company):
    """The same lead, handed over, worked with notes, and rejected."""
    handoff = canary.handoffs.get()
    rep = handoff.owner.user
    handoff.accept(by=rep, now=NOW)
    Touch.objects.log(
        handoff, by=rep, channel="call", outcome="connected", note=f"Spoke with {CANARY}", now=NOW
    )
    need = ChecklistQuestion.objects.get(code="need")
    said = {need: ("confirmed", f"{CANARY} told me so")}
    ChecklistAnswer.objects.note(handoff, by=rep, said=said, now=NOW)
    named = dict.fromkeys(("name", "note", "external_id"), f"{CANARY}'s licences")
    Opportunity.objects.create(lead=canary, source=company.source, opened_at=NOW, **named)
    reason = RejectionReason.objects.filter(is_active=True).order_by("pk").first()
    handoff.reject(by=rep, reason=reason, note=f"{CANARY} is on leave", now=NOW)
    consents.note(canary, consents.PHONE, "withdrawn", by=rep, words=f"{CANARY} said no", now=NOW)
    qualification = canary.qualifications.get()
    Qualification.objects.filter(pk=qualification.pk).update(note=CANARY)
    LogEntry.objects.create(
        user=rep, object_repr=f"{NAME}: reached", change_message=CANARY, action_flag=2
    )
    draft = MQLDefinition.objects.create(version=9)
    Example.objects.create(
        definition=draft, name=NAME, expected="pass", facts={"fields": {"email": EMAIL}}
    )
    RefusedEvent.objects.create(
        source=company.source, received_at=NOW, reason="Spam", payload={"E-mail": EMAIL}
    )
    return canary


def erase(lead, **how):
    return erasing.erase(lead, reason="They asked for it.", now=LATER, **how)


def counts():
    """What reports count, row by row, without what is personal."""
    return {
        "promises": promises.numbers(Clock.objects.all(), now=LATER),
        "leads": sorted(Lead.objects.values_list("stage", "status", "lead_source", "company")),
        "scores": sorted(Score.objects.values_list("lead", "total", "tier", "bucket")),
        "days": sorted(SignalDay.objects.values_list("lead", "signal", "day", "n")),
        "touchpoints": sorted(
            (lead, kind, str(at), str(signals))
            for lead, kind, at, signals in Touchpoint.objects.values_list(
                "lead", "kind", "occurred_at", "signals"
            )
        ),
        "handoffs": sorted(Handoff.objects.values_list("lead", "state", "score")),
        "clocks": sorted(Clock.objects.values_list("kind", "state", "due_at"), key=str),
        "qualifications": sorted(Qualification.objects.values_list("lead", "state", "total")),
        "events": sorted(Event.objects.exclude(kind="leads.erased").values_list("kind", "lead")),
        "runs": sorted(ImportRun.objects.values_list("kind", "lines", "created", "updated")),
        "refused": RefusedEvent.objects.count(),
    }


def test_nothing_of_the_person_is_left_and_everything_counts_as_before(worked):
    before = counts()
    everywhere = whereabouts()
    assert len(everywhere) > 25  # or the canary did not go through the doors
    ledger = erase(worked)
    assert whereabouts() == []
    scorer.rescore_all(now=LATER)
    assert counts() == before
    assert ledger.counts["touchpoints"] == 2 and ledger.counts["files of imports"] == 2


def test_of_two_in_one_list_the_other_stays_known(worked):
    erase(worked)
    other = Lead.objects.get(email="other@acme.example")
    assert other.name == "Kim" and other.identities.get().value == "other@acme.example"


def test_erasing_twice_is_erasing_once(worked, cast):
    first = erase(worked, by=cast.ren)
    again = erase(Lead.objects.get(pk=worked.pk), by=cast.mia)
    assert again == first and ErasureLedger.objects.get().actor == cast.ren
    assert Event.objects.filter(kind="leads.erased").count() == 1


def test_an_open_handoff_is_withdrawn_and_nothing_is_promised_any_more(canary):
    handoff = canary.handoffs.get()
    assert handoff.state == "offered"
    erase(canary)
    handoff.refresh_from_db()
    assert handoff.state == "withdrawn" and handoff.next_due_at is None
    assert not handoff.clocks.filter(state="running").exists()
    assert whereabouts() == []
    assert set(handoff.packet["score"]) > {"total", "lines"} and handoff.packet["contact"] == {}


def test_the_same_address_is_somebody_new_and_the_ledger_knows(worked, company):
    erase(worked)
    new = company.lead(EMAIL, at=LATER, name=NAME)
    assert new.pk != worked.pk and new.touchpoints.count() == 0
    assert erasing.erased_before(EMAIL.upper()).get().lead_id == worked.pk
    assert not erasing.erased_before("other@acme.example").exists()


def test_what_was_on_its_way_finds_nobody(worked, company):
    erase(worked)
    lead = Lead.objects.get(pk=worked.pk)
    assert lead.learn({"name": NAME, "phone": CANARY}, now=LATER, source=company.source) == set()
    sent(company, {"type": "track", "event": "Demo", "userId": f"{CANARY}-user"}, at=LATER)
    assert not Touchpoint.objects.filter(lead=lead, received_at=LATER).exists()
    Pending.objects.create(lead=lead)
    before = Score.objects.filter(lead=lead).values().get()
    company.score(at=LATER)
    assert Score.objects.filter(lead=lead).values().get() == before


def test_an_import_at_work_that_names_the_person_is_waited_for(canary, cast):
    batch = upload(LIST, name="again.csv")
    batch.ask_for(ImportRun.Kind.LOAD, by=cast.ren, now=NOW)
    with pytest.raises(NotPossible, match=r"again.csv"):
        erase(canary)
    assert Lead.objects.get(pk=canary.pk).erased_at is None


def test_the_event_log_lets_nothing_else_pass(worked):
    refused = "events are added, never changed or deleted"
    event = worked.events.first()
    for change in ({"kind": "leads.other"}, {"cause": "Something else"}, {"data": {"new": 1}}):
        with pytest.raises(DatabaseError, match=refused), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('handoff.erased_lead', %s, true)", [str(worked.pk)]
                )
            Event.objects.filter(pk=event.pk).update(**change)
    other = Lead.objects.get(email="other@acme.example").events.first()
    with pytest.raises(DatabaseError, match=refused), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('handoff.erased_lead', %s, true)", [str(worked.pk)])
        Event.objects.filter(pk=other.pk).update(cause="")


def test_the_ledger_is_only_added_to(worked):
    erase(worked)
    for change in (lambda rows: rows.update(reason=""), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(ErasureLedger.objects.all())


def test_the_export_holds_everything_and_names_no_other_lead(worked):
    out = StringIO()
    call_command("export_lead", EMAIL.upper(), stdout=out)
    told = json.loads(out.getvalue())
    assert told["lead"]["name"] == CANARY and told["company"]["name"] == "Acme"
    rows = told["rows"]
    assert {row["words"] for row in rows["leads.FieldValue"]} >= {f"{CANARY} said no"}
    assert rows["routing.Handoff"][0]["packet"]["contact"]["name"] == CANARY
    assert rows["routing.Touch"][0]["note"] == f"Spoke with {CANARY}"
    assert rows["leads.Delivery"] and rows["leads.Conversion"] and rows["leads.Qualification"]
    assert len(rows["leads.Touchpoint"]) == 2
    assert told["score_explained"]["lines"]
    assert "other@acme.example" not in out.getvalue()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("kind", ["touchpoint", "event", "lead"])
def test_what_arrives_while_a_person_is_erased_belongs_to_nobody_erased(company, kind):
    lead = company.lead(EMAIL, name=NAME, user_id=f"{CANARY}-user")
    arrive = {
        "touchpoint": lambda: receive.receive_touchpoints(
            [{"message_id": "m", "kind": "page_view", "email": EMAIL, "url": CANARY}],
            source=company.source,
            now=LATER,
        ),
        "event": lambda: sent(
            company, {"type": "page", "userId": f"{CANARY}-user", "properties": {"url": CANARY}}
        ),
        "lead": lambda: company.lead(EMAIL, at=LATER, name=NAME),
    }[kind]
    failed = []

    def arriving():
        try:
            arrive()
        except Exception as error:  # shown by the test
            failed.append(error)
        finally:
            connections.close_all()

    other = threading.Thread(target=arriving)
    with transaction.atomic():
        erase(lead)
        other.start()
        other.join(1.0)
        assert other.is_alive()  # it waits for the erasure
    other.join(10)
    assert not failed and not other.is_alive()
    assert Lead.objects.get(pk=lead.pk).name == ""
    assert not Touchpoint.objects.filter(lead=lead.pk, url=CANARY).exists()
    assert Identity.objects.filter(value__icontains=CANARY).exclude(lead=lead.pk).exists()


# One person who was two leads


def test_erasing_either_of_two_that_were_merged_erases_the_person(worked, company, cast):
    twin = company.lead(f"{CANARY}.twin@acme.example", name=NAME, phone=f"+49 30 {CANARY}")
    finding.look(now=LATER)
    done = merging.merge(worked, twin, by=cast.ren, now=LATER)
    twin.refresh_from_db()
    erasing.erase(twin, reason="Asked to be forgotten", by=cast.ren, now=LATER)
    assert whereabouts() == []
    wrong = [found.invariant for found in look(now=LATER) if not found.holds]
    assert [one.key for one in wrong if one.is_fatal] == []
    worked.refresh_from_db()
    assert worked.erased_at == LATER
    done.refresh_from_db()
    with pytest.raises(merging.NotMergeable, match="erased"):
        merging.undo(done, by=cast.ren, now=LATER)
    other = company.lead("other2@acme.example")
    with pytest.raises(merging.NotMergeable):
        merging.merge(other, worked, by=cast.ren, now=LATER)


def test_a_consent_that_was_taken_back_stays_so_in_a_merge(company, cast):
    calm = company.lead("calm@acme.example", email_consent="given", phone_consent="withdrawn")
    loud = company.lead("loud@acme.example", email_consent="withdrawn", do_not_contact=True)
    merging.merge(calm, loud, by=cast.ren, now=LATER)
    calm.refresh_from_db()
    assert (calm.email_consent, calm.opted_out) == ("withdrawn", True)
    assert (calm.phone_consent, calm.do_not_contact) == ("withdrawn", True)
    merging.undo(calm.merges.get(), by=cast.ren, now=LATER)
    calm.refresh_from_db()
    assert (calm.email_consent, calm.phone_consent, calm.do_not_contact) == (
        *("given", "withdrawn"),
        False,
    )


# After a restore


def test_whom_a_restored_backup_brings_back_is_erased_again(worked, company, tmp_path):
    other = company.lead("other3@acme.example", name="Kim Other")
    with transaction.atomic():
        erase(worked)
        erasures.keep(tmp_path, erasures.of_database())
        transaction.set_rollback(True)  # as a backup from before brings it back
    worked.refresh_from_db()
    assert worked.erased_at is None and CANARY not in (tmp_path / erasures.NAME).read_text()
    told = Delivery.objects.filter(event__lead=worked)
    assert told.filter(state=Delivery.State.PENDING).update(state=Delivery.State.HELD)

    again = LATER + timedelta(days=1)
    assert erasures.apply(erasures.kept(tmp_path), now=again) == (1, [])
    assert whereabouts() == []
    # Nothing of theirs goes out when the held messages are released.
    assert not told.filter(state=Delivery.State.HELD).exists()
    worked.refresh_from_db()
    assert worked.erased_at == again
    assert worked.erasure.reason.endswith(f"first on {LATER:%Y-%m-%d}: They asked for it.")
    other.refresh_from_db()
    assert other.name == "Kim Other"


def test_whoever_comes_back_after_an_erasure_stays_after_a_restore(company, tmp_path):
    gone = company.lead("back@acme.example")
    erase(gone)
    newcomer = company.lead("back@acme.example", at=LATER + timedelta(days=1))
    assert newcomer != gone
    erasures.keep(tmp_path, erasures.of_database())
    assert erasures.apply(erasures.kept(tmp_path), now=LATER + timedelta(days=2)) == (0, [])
    # The list only ever grows: the newest database may be the one that knows least.
    assert erasures.keep(tmp_path, []) == 1


def test_a_list_of_erasures_that_cannot_be_read_stops_a_restore(db, tmp_path):
    (tmp_path / erasures.NAME).write_text("[{}]")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("restore", tmp_path / "handoff-20260304T011500Z")
