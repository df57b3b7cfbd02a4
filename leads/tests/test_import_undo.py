"""An import is taken back: what only it knew goes, what it changed is as before."""

import pytest
from django.db import DatabaseError, connection, transaction

from conftest import NOW
from leads.imports import runner, undo
from leads.intake import receive
from leads.models import (
    Company,
    CustomField,
    Event,
    FieldValue,
    Identity,
    ImportRun,
    Lead,
    NotPossible,
    Pending,
)
from leads.tests.lists import counts, load, people, run, text, told, upload

UNDO = ImportRun.Kind.UNDO
LATER = NOW.replace(hour=12)


def take_back(done, **how):
    back = run(done.batch, UNDO, now=LATER, **how)
    assert back.lines == back.removed + back.reverted + back.kept
    return back


@pytest.fixture
def known(company):
    """A lead that was there before the import."""
    at = NOW.replace(month=1)
    return company.lead("p0@c0.example", at=at, name="Pat Before", phone="+49 30 1")


def test_new_leads_and_companies_are_gone_without_a_trace(db):
    back = take_back(load(text(*people(9))))
    assert (back.removed, back.kept, told(back)) == (12, 0, [])
    for model in (Lead, Company, Identity, FieldValue, Pending):
        assert not model.objects.exists(), model
    assert list(Event.objects.values_list("kind", flat=True)) == [
        "leads.imported",
        "leads.import_undone",
    ]


def test_what_was_changed_is_as_before_with_its_history(known):
    CustomField.objects.create(key="seats", label="Seats", kind="number")
    before = Lead.objects.values().get()
    heading = "Email,Name,Job title,Seats,Company,Campaign"
    done = load(text("p0@c0.example,Pat After,CEO,12,Other,Spring", heading=heading))
    assert counts(done) == {"updated": 1}
    assert Lead.objects.get().attributes == {"seats": 12}
    back = take_back(done)
    assert (back.reverted, back.removed, back.kept) == (1, 1, 0)
    after = Lead.objects.values().get()
    assert {k: v for k, v in after.items() if k != "updated_at"} == {
        k: v for k, v in before.items() if k != "updated_at"
    }
    latest = known.field_values.filter(field="name").order_by("pk").last()
    assert (latest.value, latest.run) == ("Pat Before", back)
    assert Pending.objects.filter(lead=known).exists()


def test_what_changed_again_since_stays_and_is_told(known, company):
    done = load(text("p0@c0.example,Pat,After,CEO,,,"))
    company.lead("p0@c0.example", at=NOW.replace(hour=11), job_title="Chair")
    back = take_back(done)
    lead = Lead.objects.get()
    assert (lead.name, lead.job_title) == ("Pat Before", "Chair")
    assert (back.kept, told(back)) == (1, [(2, "job_title", undo.CHANGED)])


@pytest.mark.parametrize("what", ["seen", "told of", "handed over", "imported again"])
def test_a_new_lead_with_which_somebody_worked_stays(company, what):
    done = load(text("v@acme.example,Vera,Vip,VP Sales,Acme,acme.example,800", *people(1)))
    if what == "seen":
        view = {"message_id": "m1", "kind": "page_view", "email": "v@acme.example", "url": "/a"}
        receive.receive_touchpoints([view], source=company.source, now=NOW)
    elif what == "told of":
        company.lead("v@acme.example", at=NOW.replace(hour=11), phone="+49 30 1")
    elif what == "handed over":
        company.handoff(email="v@acme.example")
    else:
        load(text("v@acme.example,,,,,,"))
    back = take_back(done)
    assert Lead.objects.get(email="v@acme.example").job_title
    assert not Lead.objects.filter(email="p0@c0.example").exists()
    assert Company.objects.filter(domain="acme.example").exists()
    assert {line for line, _, _ in told(back)} == {2}
    assert (back.removed, back.kept) == (2, 2)


def test_after_an_undo_the_same_file_can_be_imported_again(db):
    rows = text(*people(5))
    take_back(load(rows))
    assert counts(run(upload(rows), now=LATER)) == {"created": 5}


def test_an_undo_goes_on_where_it_was_killed(db, monkeypatch):
    monkeypatch.setattr(undo, "SLICE", 7)
    done = load(text(*people(30)))
    asked = done.batch.ask_for(UNDO, by=None, now=LATER)
    for _ in range(20):
        claimed = runner.claim(now=LATER)
        if claimed is None:
            break
        runner.work(claimed, clock=lambda: LATER, enough=lambda: True)
    asked.refresh_from_db()
    assert (asked.state, asked.removed) == ("done", 38)
    assert not Lead.objects.exists() and not Company.objects.exists()


def test_a_cancelled_import_can_be_taken_back(db, monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 10)
    batch = upload(text(*people(30)))
    run(batch, steps=1)
    batch.latest().cancel(now=NOW)
    assert take_back(batch.latest()).removed == 10 + 3
    with pytest.raises(NotPossible, match="taken back"):
        batch.ask_for(ImportRun.Kind.LOAD, by=None, now=NOW)


def test_what_was_never_imported_cannot_be_taken_back(db):
    batch = upload(text(*people(3)))
    run(batch, ImportRun.Kind.CHECK)
    with pytest.raises(NotPossible, match="Nothing"):
        batch.ask_for(UNDO, by=None, now=NOW)


def test_events_stay_append_only_but_for_an_undone_imports_own(company):
    load(text(*people(1)))
    lead = company.lead("other@acme.example")
    for events in (Event.objects.filter(kind="leads.received"), lead.events.all()):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            events.delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('handoff.undone_import', '999', true)")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Event.objects.all().delete()
