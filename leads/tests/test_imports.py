"""Leads come in from a list: every line is accounted for, once, however often the worker dies."""

import random
import tracemalloc
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from conftest import NOW
from leads.imports import chunk, lines, runner
from leads.imports.files import Unreadable
from leads.intake import receive
from leads.intake.shapes import LeadShape
from leads.models import (
    Campaign,
    Company,
    CustomField,
    Event,
    FieldValue,
    Identity,
    ImportRun,
    Lead,
    NotPossible,
    Pending,
    Score,
    Source,
)
from leads.tests import lists
from leads.tests.lists import counts, load, people, run, text, told, upload

pytestmark = pytest.mark.django_db
CHECK, LOAD = ImportRun.Kind.CHECK, ImportRun.Kind.LOAD


def state():
    """Everything that an import may change, without ids and the times of writing."""
    leads = Lead.objects.order_by("email").values(
        *("email", "name", "phone", "job_title", "country", "lead_source", "opted_out"),
        *("company__name", "campaign__name", "attributes", "created_at", "score__total"),
    )
    companies = Company.objects.order_by("domain", "name").values(
        "domain", "name", "employees", "industry", "revenue", "tech_stack", "attributes"
    )
    known = FieldValue.objects.order_by("lead__email", "company__domain", "company__name", "field")
    names = Identity.objects.order_by("value").values_list("kind", "value", "lead__email")
    return {
        "leads": list(leads),
        "companies": list(companies),
        "known": list(known.values("lead__email", "company__domain", "company__name", "field")),
        "names": list(names),
        "waiting": sorted(set(Pending.objects.values_list("lead__email", flat=True))),
    }


def everything():
    """What must be as before when nothing was to be written."""
    models = (Lead, Company, FieldValue, Identity, Score, Pending, Event, Campaign, CustomField)
    return [list(model.objects.order_by("pk").values()) for model in models]


@contextmanager
def undone():
    """What is done inside is as if it had never been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# What comes in


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
    assert Pending.objects.exclude(signal=None).count() == 1


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
    rows = _messy(seed)
    first = load(rows)
    before = state()
    again = load(rows)
    assert (again.lines, again.refused, again.blank) == (first.lines, first.refused, first.blank)
    assert counts(again).keys() <= {"unchanged", "refused", "blank"}
    assert state() == before


def _messy(seed):
    """A list with people and companies that stand in it several times and say different things."""
    pick = random.Random(seed)
    rows = []
    for _ in range(120):
        company = pick.randrange(12)
        where = [
            ("", ""),
            (f"Company {company}", ""),
            (f"Company {company}", f"c{company}.example"),
        ]
        where += [("", f"alone{company}.example")]
        name, domain = pick.choice(where)
        cells = [
            f"p{pick.randrange(30)}@x.example",
            "Pat",
            pick.choice(["", "A", "B"]),
            pick.choice(["CEO", "CTO", ""]),
            name,
            domain,
            pick.choice(["", "5", "9", "many"]),
        ]
        rows.append(",".join(cells))
    rows += ["", "no address,,,,,,"]
    return text(*rows)


# Dry runs


@pytest.mark.parametrize("seed", range(6))
def test_a_dry_run_tells_what_the_import_will_do_and_writes_nothing(seed, monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 7 + seed)
    load(text(*people(4)))
    load(_messy(seed + 10))
    batch = upload(_messy(seed))
    before = everything()
    dry = run(batch, CHECK)
    assert everything() == before
    wet = run(batch, LOAD)
    assert counts(dry) == counts(wet)
    assert sorted(told(dry)) == sorted(told(wet))


def test_a_dry_run_makes_no_custom_field_and_the_import_does():
    batch = upload(text("a@b.example,12", heading="Email,Seats"), create=True)
    assert counts(run(batch, CHECK)) == {"created": 1} and not CustomField.objects.exists()
    run(batch, LOAD)
    assert CustomField.objects.get().kind == "number"
    assert Lead.objects.get().attributes == {"seats": 12}


def test_custom_fields_of_companies_are_read_by_their_type():
    CustomField.objects.create(key="renewal", label="Renewal", on="company", kind="date")
    rows = text(
        "a@b.example,Acme,31.03.2026", "b@b.example,Other,soon", heading="Email,Company,Renewal"
    )
    done = load(rows)
    assert Company.objects.get(name="Acme").attributes == {"renewal": "2026-03-31"}
    assert [line for line, _, _ in told(done)] == [3]


# Workers come and go


class Killed(BaseException):
    """Stands for a worker that is gone from one moment to the next."""


@pytest.mark.parametrize("moment", ["before the commit", "after it"])
def test_a_worker_that_dies_costs_nothing(moment, monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 20)
    rows = text(*people(90), "no address,,,,,,", "", *people(10, start=5))
    with undone():
        ends = counts(load(rows))
        whole = state()
    batch = upload(rows)
    batch.ask_for(LOAD, by=None, now=NOW)
    deaths = 0
    while not ImportRun.objects.filter(batch=batch, state="done").exists():
        deaths += _work_and_die(moment)
        ImportRun.objects.update(lease_until=timezone.now())  # the lease of the dead runs out
    assert deaths >= 4
    assert state() == whole
    assert counts(ImportRun.objects.get(batch=batch)) == ends


def _work_and_die(moment):
    """Work on an import until the second chunk, and die there; return 1, or 0 at the end."""
    claimed = runner.claim(now=NOW)
    with runner.opened(claimed) as job:
        real, done = job._progress, []

        def progress(*args, **kwargs):
            if moment == "before the commit" and done:
                raise Killed
            real(*args, **kwargs)
            done.append(1)

        job._progress = progress
        try:
            while job.step(now=NOW):
                if moment == "after it" and done:
                    raise Killed
        except Killed:
            return 1
    return 0


def test_a_dry_run_that_dies_begins_anew(monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 20)
    batch = upload(_messy(1))
    claimed = runner.claim(now=NOW, run=batch.ask_for(CHECK, by=None, now=NOW))
    with runner.opened(claimed) as job:
        job.step(now=NOW)
    ImportRun.objects.update(lease_until=timezone.now())
    runner.work(runner.claim(now=NOW), clock=lambda: NOW)
    dry = batch.latest(CHECK)
    assert dry.state == "done" and counts(dry) == counts(run(batch))
    assert sorted(told(dry)) == sorted(told(batch.latest(LOAD)))


def test_a_cancelled_import_stops_and_can_go_on(monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 10)
    batch = upload(text(*people(35)))
    claimed = runner.claim(now=NOW, run=batch.ask_for(LOAD, by=None, now=NOW))
    with runner.opened(claimed) as job:
        job.step(now=NOW)
        assert claimed.cancel(now=NOW)
        with pytest.raises(runner.Lost):
            job.step(now=NOW)
    stopped = batch.latest()
    assert (stopped.state, stopped.lines, Lead.objects.count()) == ("cancelled", 10, 10)
    assert not stopped.cancel(now=NOW)
    done = run(batch)
    assert done.pk == stopped.pk and counts(done) == {"created": 35}


def test_two_workers_never_work_on_the_same_import():
    batch = upload(text(*people(3)))
    asked = batch.ask_for(LOAD, by=None, now=NOW)
    first = runner.claim(now=NOW)
    assert first.pk == asked.pk and runner.claim(now=NOW) is None
    with runner.opened(first) as job:
        ImportRun.objects.update(lease_until=timezone.now())
        assert runner.claim(now=NOW).lease != first.lease
        with pytest.raises(runner.Lost):
            job.step(now=NOW)
    assert not Lead.objects.exists()


def test_imports_wait_for_each_other_in_the_order_in_which_they_were_asked_for():
    asked = [upload(text(*people(1))).ask_for(LOAD, by=None, now=NOW) for _ in range(2)]
    ImportRun.objects.filter(pk=asked[1].pk).update(asked_at=NOW.replace(hour=11))
    asked[1].refresh_from_db()
    assert asked[1].waiting_before() == 1
    assert runner.claim(now=NOW).pk == asked[0].pk and runner.claim(now=NOW) is None


def test_an_import_that_kills_every_worker_is_given_up_with_a_word():
    batch = upload(text(*people(3)))
    batch.ask_for(LOAD, by=None, now=NOW)
    for _ in range(runner.MOST_ATTEMPTS):
        assert runner.claim(now=NOW)
        ImportRun.objects.update(lease_until=timezone.now())
    assert runner.claim(now=NOW) is None
    assert batch.latest().state == "failed" and "stopped 5 times" in batch.latest().problem


def test_a_file_that_turns_out_damaged_fails_its_run():
    book = lists.workbook(["Email"], *[[f"p{n}@x.example"] for n in range(5_000)])
    batch = upload(book, name="leads.xlsx")
    piece = batch.chunks.first()
    piece.data = bytes(piece.data[:-3_000])
    piece.save()
    assert run(batch).state == "failed" and "workbook" in batch.latest().problem


def test_only_one_thing_at_a_time_and_never_twice():
    batch = upload(text(*people(3)))
    batch.ask_for(LOAD, by=None, now=NOW)
    with pytest.raises(NotPossible, match="already"):
        batch.ask_for(LOAD, by=None, now=NOW)
    runner.work(runner.claim(now=NOW), clock=lambda: NOW)
    with pytest.raises(NotPossible, match="done already"):
        batch.ask_for(LOAD, by=None, now=NOW)
    with pytest.raises(NotPossible, match="dry run"):
        batch.ask_for(CHECK, by=None, now=NOW)


# Size and speed


def test_memory_stays_flat(monkeypatch):
    """Four times the lines need about the memory of one time, not four times as much."""

    def peak(count, start):
        batch = upload(text(*people(count, start=start)))
        tracemalloc.start()
        try:
            assert counts(run(batch)) == {"created": count}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(500, 0)
    small, large = peak(1_250, 10_000), peak(5_000, 20_000)
    assert large < 2 * small + 2_000_000


def test_a_chunk_costs_the_same_number_of_queries_however_long_it_is(django_assert_max_num_queries):
    for count, start in ((5, 0), (400, 100)):
        batch = upload(text(*people(count, start=start)))
        claimed = runner.claim(now=NOW, run=batch.ask_for(LOAD, by=None, now=NOW))
        with runner.opened(claimed) as job, django_assert_max_num_queries(34):
            assert job.step(now=NOW)
        claimed.cancel(now=NOW)


# At the command line


def test_the_command_imports_with_the_suggested_mapping(tmp_path, capsys):
    path = tmp_path / "leads.csv"
    path.write_text(text(*people(3), "no address,,,,,,"))
    call_command("import_leads", str(path), "--dry-run")
    shown = capsys.readouterr().out
    assert "Job Title: job_title" in shown and not Lead.objects.exists()
    assert "4 lines would be: 3 created, 0 updated, 0 unchanged, 1 refused, 0 blank." in shown
    call_command("import_leads", str(path), "--source", "Fair", "--create-custom-fields")
    shown = capsys.readouterr().out
    assert "line 5, Email: Not an e-mail address" in shown and "3 created" in shown
    assert Source.objects.filter(name="Fair").exists() and Lead.objects.count() == 3


def test_the_command_takes_a_mapping_file(tmp_path, capsys):
    path, said = tmp_path / "list.csv", tmp_path / "map.yaml"
    path.write_bytes("Wer;Rolle;Egal\na@b.example;Größe;x\n".encode("cp1252"))
    said.write_text("delimiter: ';'\ncolumns:\n  Wer: email\n  Rolle: job_title\nsource: Messe\n")
    call_command("import_leads", str(path), "--mapping", str(said))
    assert Lead.objects.get().job_title == "Größe"
    said.write_text("columns:\n  Wen: email\n")
    with pytest.raises(CommandError, match="no column “Wen”"):
        call_command("import_leads", str(path), "--mapping", str(said))


@pytest.mark.parametrize("content", ["", "Name,City\nAna,Berlin\n", "%PDF-1"])
def test_the_command_says_what_is_wrong_with_a_file(tmp_path, content):
    path = tmp_path / "leads.csv"
    path.write_text(content)
    with pytest.raises(CommandError):
        call_command("import_leads", str(path))
    with pytest.raises(CommandError):
        call_command("import_leads", str(tmp_path / "none.csv"))


def test_a_file_that_is_too_large_is_not_kept(monkeypatch):
    monkeypatch.setattr("leads.imports.uploads.MOST_BYTES", 1_000)
    with pytest.raises(Unreadable, match="larger than"):
        upload(text(*people(200)))
