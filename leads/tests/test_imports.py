"""Leads come in from a list: every line is accounted for, once, however often the worker dies."""

import pytest

from conftest import NOW
from leads.imports import chunk, lines
from leads.intake import receive
from leads.intake.shapes import LeadShape
from leads.models import (
    Company,
    ImportRun,
    Lead,
    Pending,
)
from leads.tests import lists
from leads.tests.lists import counts, load, messy, people, run, state, text, told, undone, upload

pytestmark = pytest.mark.django_db
CHECK, LOAD = ImportRun.Kind.CHECK, ImportRun.Kind.LOAD


def test_a_line_becomes_a_lead_with_its_company(now):
    done = load(
        text(
            "Lena.Berg@Acme.example,Lena,Berg,VP Sales,Acme,https://www.acme.example/,800,Germany,"
            "Paid search,Spring,2026-02-01 09:00,no,SAP; Jira",
            heading=lists.HEADING
            + ",Country/Region,Lead Source,Campaign,Create Date,Opted out of email,Tech stack",
        )
    )
    assert counts(done) == {"created": 1}
    lead = Lead.objects.get()
    assert (lead.email, lead.name) == ("lena.berg@acme.example", "Lena Berg")
    assert (lead.country, lead.lead_source, lead.campaign.name) == ("DE", "Paid search", "Spring")
    assert lead.created_at.isoformat() == "2026-02-01T09:00:00+00:00" and not lead.opted_out
    company = lead.company
    assert (company.domain, company.employees) == ("acme.example", 800)
    assert company.tech_stack == ["SAP", "Jira"]
    assert lead.score and Pending.objects.filter(lead=lead).exists()
    event = lead.events.get()
    assert event.kind == "leads.received" and "leads.csv, line 2" in event.cause
    assert lead.identities.get().value == "lena.berg@acme.example"


def test_values_keep_where_they_came_from(now):
    done = run(upload(text(*people(1)), source="HubSpot"))
    learned = Lead.objects.get().field_values.get(field="job_title")
    assert (learned.value, learned.run, learned.source.name) == ("VP 0", done, "HubSpot")
    assert learned.observed_at == NOW


def test_a_known_lead_is_updated_and_silence_changes_nothing(company):
    company.lead("p0@c0.example", at=NOW.replace(month=1), name="Pat Known", phone="+49 30 1")
    done = load(text("p0@c0.example,Pat,Known,,,,"))
    assert counts(done) == {"unchanged": 1}
    done = load(text("P0@C0.example,Pat,Other,CEO,,,"))
    assert counts(done) == {"updated": 1}
    lead = Lead.objects.get()
    assert (lead.name, lead.job_title, lead.phone) == ("Pat Other", "CEO", "+49 30 1")


def test_what_was_learned_after_the_file_was_uploaded_stays(company):
    batch = upload(text("p0@c0.example,Pat,Old,,,,"))
    company.lead("p0@c0.example", at=NOW.replace(hour=11), name="Pat New")
    assert counts(run(batch, now=NOW.replace(hour=12))) == {"unchanged": 1}
    assert Lead.objects.get().name == "Pat New"


def test_a_list_never_takes_back_that_somebody_wants_no_mail(company):
    company.lead("p0@c0.example", at=NOW.replace(month=1), opted_out=True)
    heading = "Email,Unsubscribed"
    assert counts(load(text("p0@c0.example,no", heading=heading))) == {"unchanged": 1}
    assert counts(load(text("p1@c0.example,yes", heading=heading))) == {"created": 1}
    assert set(Lead.objects.values_list("opted_out", flat=True)) == {True}


def test_what_somebody_did_before_joins_them(company):
    item = {"message_id": "m1", "kind": "page_view", "email": "p0@c0.example", "url": "/pricing"}
    receive.receive_touchpoints([item], source=company.source, now=NOW)
    load(text(*people(1)))
    assert Lead.objects.get().touchpoints.count() == 1
    assert Pending.objects.exclude(day=None).count() == 1


def test_imported_leads_are_scored_like_others(company):
    load(text("v@acme.example,Vera,Vip,VP Sales,Acme,acme.example,800"))
    company.score()
    assert Lead.objects.get().score.fit == 40


def test_an_import_and_the_api_make_the_same_of_the_same(source):
    rows = [*people(40), "p3@c0.example,Pat,Number3,CTO,,,", "x@y.example,,,,Nameless,,7"]
    with undone():
        load(text(*rows))
        imported = state()
    for row in rows:
        email, first, last, title, name, domain, employees = row.split(",")
        if email == "p3@c0.example" and title == "CTO":
            continue  # a list's second line of somebody changes nothing that is known
        said = {"name": name, "domain": domain} | (
            {"employees": int(employees)} if employees else {}
        )
        data = {"contact": {"email": email, "name": f"{first} {last}".strip(), "job_title": title}}
        shape = LeadShape(data=data | ({"company": said} if name else {}))
        shape.is_valid(raise_exception=True)
        receive.receive_lead(shape.validated_data, source=source, now=NOW)
    sent = state()
    assert sent["companies"] == imported["companies"] and sent["known"] == imported["known"]
    assert sent["leads"] == imported["leads"] and sent["names"] == imported["names"]
    assert sent["waiting"] == imported["waiting"]


# Every line is accounted for


def test_refused_lines_are_told_and_the_others_imported():
    done = load(
        text(
            *people(2),
            "not an address,Pat,X,,,,",
            ",Pat,X,,,,",
            "",
            ",,,,,,",
            "a@b.example,too,many,cells,here,,,,x",
            'c@b.example,"never closed',
            "d@b.example,few",
            *people(1, start=2),
        )
    )
    assert counts(done) == {"created": 3, "refused": 5, "blank": 2}
    assert [(line, field) for line, field, _ in told(done)] == [
        (4, "Email"),
        (5, "Email"),
        (8, ""),
        (9, ""),
        (10, ""),
    ]
    assert done.told.first().raw.startswith("not an address | Pat")


def test_a_value_that_cannot_be_read_is_left_out_and_told():
    heading = "Email,Country,Employees,Company,Phone,Name"
    row = "a@b.example,Zamunda,many,Acme," + "1" * 41 + "," + "x" * 200_000
    done = load(text(row, "b@b.example,DE,12,Acme,1,B", heading=heading))
    assert counts(done) == {"created": 2}
    assert [field for _, field, _ in told(done)] == ["Country", "Employees", "Phone", "Name"]
    assert all(len(line.raw) <= lines.RAW for line in done.told.all())
    assert Company.objects.get().employees == 12


def test_a_strict_import_refuses_such_a_line():
    rows = text("a@b.example,Zamunda", "b@b.example,DE", heading="Email,Country")
    assert counts(run(upload(rows, strict=True))) == {"created": 1, "refused": 1}


def test_nul_half_characters_and_wrong_bytes_never_reach_the_database():
    raw = b"Email,Name\na@b.example,nul\x00nul\nb@b.example,\xff\xfe\nnul\x00@b.example,C\n"
    raw += "ü@b.example,Ünal\nd@b.example,Zoë\n".encode()
    done = load(raw)
    assert counts(done) == {"created": 4, "refused": 1}
    assert [line for line, _, _ in told(done)] == [2, 3, 4]
    assert set(Lead.objects.values_list("name", flat=True)) == {"", "Ünal", "Zoë"}


def test_a_line_that_only_the_database_refuses_costs_no_other_line(monkeypatch):
    taken = Lead(email="p1@c0.example", created_at=NOW)  # without the identity it should have
    taken.save()
    done = load(text(*people(4)))
    assert counts(done) == {"created": 3, "refused": 1}
    assert "The database refused it" in told(done)[0][2]


def test_of_two_lines_about_one_person_the_first_counts_and_the_second_adds():
    rows = text(
        "a@b.example,Ana,,CEO,,,", "A@B.example,Ana,Ruiz,CTO,Acme,,", "a@b.example,,,CEO,,,"
    )
    done = load(rows)
    lead = Lead.objects.get()
    assert (lead.name, lead.job_title, lead.company.name) == ("Ana", "CEO", "Acme")
    assert counts(done) == {"created": 1, "updated": 1, "unchanged": 1}
    assert set(told(done)) == {(3, "name", chunk.TWICE), (3, "job_title", chunk.TWICE)}


def test_a_company_is_one_however_its_name_is_written():
    rows = text("a@x.example,,,,Acme  GmbH,,10", "b@x.example,,,,ACME GMBH,,20")
    done = load(rows)
    assert Company.objects.get().employees == 10
    assert told(done)[-1] == (3, "company employees", chunk.TWICE)
    assert Company.objects.get().leads.count() == 2


@pytest.mark.parametrize("seed", range(6))
def test_the_same_file_again_changes_nothing(seed):
    rows = messy(seed)
    first = load(rows)
    before = state()
    again = load(rows)
    assert (again.lines, again.refused, again.blank) == (first.lines, first.refused, first.blank)
    assert counts(again).keys() <= {"unchanged", "refused", "blank"}
    assert state() == before
