"""What an input means is decided once: it holds at every door, and for what was stored before."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conftest import NOW
from leads.imports import runner
from leads.intake import remapping
from leads.models import Company, FieldValue, ImportRun, Lead, Mapping, Pending, Remapping
from leads.tests.lists import counts, load, run, text, told, upload

LATER = NOW + timedelta(minutes=1)
State = Remapping.State
UNMAPPED = "admin:leads_mapping_unmapped"


def decide(field, said, means, *, by=None):
    row = Mapping(field=field, said=said, means=means)
    row.full_clean(exclude=["at", "key"])
    row.decide(by=by, now=NOW)
    return row


def go_on(*, now=LATER):
    while remapping.step(now=now):
        pass


def employer(industry, domain="acme.example"):
    return {"name": "Acme", "domain": domain, "industry": industry}


@pytest.fixture
def many(company):
    """Five leads whose department is written in one way, and one in another."""
    return [company.lead(department="Mktg") for _ in range(5)] + [company.lead(department="Law")]


def departments():
    return list(Lead.objects.order_by("pk").values_list("department", flat=True))


# At the doors


@pytest.mark.parametrize("said", ["SaaS", "saas", " SAAS ", "\uff33aaS"])
def test_a_new_input_becomes_what_it_means_however_it_is_written(company, said):
    decide("industry", "SaaS", "Software")
    assert company.lead(employer=employer(said)).company.industry == "Software"


def test_what_inputs_mean_is_spelt_in_one_way_too(company):
    decide("industry", "SaaS", "Software")
    assert company.lead(employer=employer("SOFTWARE")).company.industry == "Software"
    decide("lead_source", "website", "Website")
    assert company.lead().lead_source == "Website"


def test_an_input_of_another_field_is_not_touched(company):
    decide("department", "Mktg", "Marketing")
    assert company.lead(seniority="Mktg").seniority == "Mktg"


def test_the_same_input_again_is_no_news(company):
    decide("department", "Mktg", "Marketing")
    lead = company.lead("a@acme.example", department="Mktg")
    before = FieldValue.objects.count()
    company.lead("a@acme.example", department="mktg", at=LATER)
    assert FieldValue.objects.count() == before
    assert lead.field_values.get(field="department").value == "Marketing"


def test_a_campaign_is_the_one_that_its_name_means_and_none_is_made(company):
    decide("campaign", "spring-26", "Spring 2026")
    load(text("a@b.example,SPRING-26", heading="Email,Campaign"))
    assert Lead.objects.get().campaign.name == "Spring 2026"


def test_a_dry_run_tells_what_the_import_will_do_with_mapped_inputs(db):
    decide("department", "Mktg", "Marketing")
    rows = ("a@b.example,Mktg", "a@b.example,Marketing", "c@d.example,mktg", "a@b.example,Law")
    batch = upload(text(*rows, heading="Email,Department"))
    dry, wet = run(batch, ImportRun.Kind.CHECK), run(batch)
    assert counts(dry) == counts(wet) and sorted(told(dry)) == sorted(told(wet))
    assert departments() == ["Marketing", "Marketing"]
    assert len(told(wet)) == 1, "only what says otherwise in the end says otherwise"


def test_an_import_reads_the_mappings_once_for_a_chunk(db, django_assert_max_num_queries):
    for number in range(20):
        decide("department", f"Dep {number}", "Marketing")
    rows = [f"lead{number}@b.example,Dep {number % 20}" for number in range(400)]
    batch = upload(text(*rows, heading="Email,Department"))
    claimed = runner.claim(now=NOW, run=batch.ask_for(ImportRun.Kind.LOAD, by=None, now=NOW))
    with runner.opened(claimed) as job, django_assert_max_num_queries(34) as asked:
        assert job.step(now=NOW)
    assert sum('FROM "leads_mapping"' in one["sql"] for one in asked.captured_queries) <= 2
    assert set(departments()) == {"Marketing"}


# Decisions


@pytest.mark.parametrize(
    ("said", "means", "why"),
    [
        ("saas", "Cloud", "a decision about this input already"),
        ("IT", "SaaS", "itself mapped"),
        ("Software", "Cloud", "Others are mapped to it"),
        ("IT", "x" * 101, "At most 100"),
        ("a\x00b", "IT", "Give a text"),
    ],
)
def test_decisions_that_contradict_each_other_are_refused(db, said, means, why):
    decide("industry", "SaaS", "Software")
    with pytest.raises(ValidationError, match=why):
        decide("industry", said, means)


def test_the_spelling_of_what_is_known_already_is_kept(db):
    decide("industry", "SaaS", "Software")
    assert decide("industry", "Cloud", "software").means == "Software"


# What was stored before


def test_history_is_brought_into_line_with_who_said_it(company, many):
    decide("department", "mktg", "Marketing")
    assert not remapping.step(now=NOW), "intake that did not know of it may still commit"
    Pending.objects.all().delete()
    go_on()
    assert departments() == ["Marketing"] * 5 + ["Law"]
    before, after = many[0].field_values.filter(field="department").order_by("known_at")
    assert (before.value, after.value) == ("Mktg", "Marketing")
    assert after.source == company.source and after.observed_at == before.observed_at
    assert Pending.objects.count() == 5
    work = Remapping.objects.get()
    assert (work.state, work.total, work.done, work.changed) == (State.DONE, 5, 5, 5)


def test_a_companys_industry_in_the_past_has_its_people_scored(company):
    lead = company.lead(employer=employer("SaaS"))
    decide("industry", "SaaS", "Software")
    Pending.objects.all().delete()
    go_on()
    assert Company.objects.get(pk=lead.company_id).industry == "Software"
    assert list(Pending.objects.values_list("lead", flat=True)) == [lead.pk]


def test_campaigns_of_the_past_are_brought_into_line(company):
    load(text("a@b.example,spring-26", heading="Email,Campaign"))
    decide("campaign", "Spring-26", "Spring 2026")
    go_on()
    lead = Lead.objects.get()
    assert lead.campaign.name == "Spring 2026"
    assert lead.field_values.filter(field="campaign").last().value == lead.campaign_id


def test_a_worker_that_dies_in_the_middle_costs_nothing(many, monkeypatch):
    monkeypatch.setattr(remapping, "CHUNK", 2)
    decide("department", "Mktg", "Marketing")
    assert remapping.step(now=LATER)
    stored = FieldValue.objects.count()

    def die(*args, **kwargs):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Pending.objects.__class__, "ask_for", die)
        with pytest.raises(RuntimeError):
            remapping.step(now=LATER)
    assert departments() == ["Marketing"] * 2 + ["Mktg"] * 3 + ["Law"]
    assert FieldValue.objects.count() == stored and Remapping.objects.get().done == 2
    go_on()
    assert departments() == ["Marketing"] * 5 + ["Law"]
    assert Remapping.objects.get().changed == 5


def test_it_can_be_stopped_and_goes_on_where_it_stopped(many, monkeypatch):
    monkeypatch.setattr(remapping, "CHUNK", 2)
    row = decide("department", "Mktg", "Marketing")
    remapping.step(now=LATER)
    assert row.remapping.cancel(now=LATER) and not remapping.step(now=LATER)
    assert departments().count("Marketing") == 2
    assert row.remapping.resume()
    go_on()
    assert departments().count("Marketing") == 5


def test_an_ignored_input_changes_nothing(company, many):
    decide("department", "Mktg", "")
    assert not Remapping.objects.exists()
    assert company.lead(department="Mktg").department == "Mktg"


def test_an_import_that_was_mapped_since_can_still_be_taken_back(company):
    company.lead("a@b.example", department="Law")
    batch = upload(text("a@b.example,Mktg", heading="Email,Department"))
    run(batch)
    assert departments() == ["Mktg"]
    decide("department", "Mktg", "Marketing")
    go_on()
    run(batch, ImportRun.Kind.UNDO)
    assert departments() == ["Law"]


# The page


def test_the_page_lists_what_nobody_decided_about_the_most_frequent_first(client, company, many):
    client.force_login(company.cast.mark)
    page = client.get(reverse(UNMAPPED), {"field": "department"})
    assert [(row["said"], row["n"]) for row in page.context["rows"]] == [("Mktg", 5), ("Law", 1)]
    decide("department", "Mktg", "Marketing")
    decide("department", "Law", "")
    go_on()
    page = client.get(reverse(UNMAPPED), {"field": "department"})
    assert page.context["rows"] == [] and b"Every value is decided about" in page.content
    assert client.get(reverse(UNMAPPED), {"field": "email"}).status_code == 404


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({"then": "map", "means": "Marketing"}, "Marketing"),
        ({"then": "right"}, "Mktg"),
        ({"then": "ignore", "means": "never mind"}, ""),
    ],
)
def test_a_marketer_decides_on_the_page(client, company, many, said, stored):
    client.force_login(company.cast.mark)
    url = f"{reverse(UNMAPPED)}?field=department"
    answer = client.post(url, {"said": "Mktg"} | said, follow=True)
    assert answer.redirect_chain == [(url, 302)]
    assert [row["said"] for row in answer.context["rows"]] == ["Law"]
    row = Mapping.objects.get()
    assert (row.means, row.made_by) == (stored, company.cast.mark)
    page = client.get(reverse("admin:leads_mapping_change", args=[row.pk]))
    assert (b"Stored before" in page.content) == bool(stored)


def test_what_cannot_be_decided_is_told_at_its_row(client, company, many):
    client.force_login(company.cast.ren)
    url = f"{reverse(UNMAPPED)}?field=department"
    answer = client.post(url, {"said": "Mktg", "means": " ", "then": "map"})
    assert answer.status_code == 422 and b"Say what it means" in answer.content
    assert b'aria-invalid="true"' in answer.content and not Mapping.objects.exists()


def test_a_manager_reads_and_does_not_decide(client, company, many):
    row = decide("department", "Law", "Legal")
    client.force_login(company.cast.mia)
    page = client.get(reverse(UNMAPPED), {"field": "department"})
    assert page.status_code == 200 and b'<button class="button" name="then"' not in page.content
    url = f"{reverse(UNMAPPED)}?field=department"
    assert client.post(url, {"said": "Mktg", "then": "right"}).status_code == 403
    work = reverse("admin:leads_mapping_remapping", args=[row.pk])
    assert client.post(work, {"then": "cancel"}).status_code == 403
    assert Remapping.objects.get().is_open
    client.force_login(company.cast.ana)
    assert client.get(reverse(UNMAPPED)).status_code in (302, 403)


def test_history_is_stopped_gone_on_with_and_done_again_from_the_page(client, company, many):
    row = decide("department", "Mktg", "Marketing")
    client.force_login(company.cast.ren)
    work = reverse("admin:leads_mapping_remapping", args=[row.pk])
    assert client.get(work).status_code == 405
    client.post(work, {"then": "cancel"})
    assert Remapping.objects.get().state == State.CANCELLED
    client.post(work, {"then": "resume"})
    go_on(now=LATER)
    assert departments().count("Marketing") == 5
    Lead.objects.filter(pk=many[0].pk).update(department="Mktg")
    page = client.get(reverse("admin:leads_mapping_change", args=[row.pk]))
    assert b"Apply it to them" in page.content
    client.post(work, {"then": "again"})
    assert Remapping.objects.get().is_open


def test_a_changed_meaning_goes_through_history_again(client, company, many):
    row = decide("department", "Mktg", "Marketing")
    client.force_login(company.cast.ren)
    url = reverse("admin:leads_mapping_change", args=[row.pk])
    client.post(url, {"means": "Growth"})
    row.refresh_from_db()
    assert row.means == "Growth" and Remapping.objects.get(mapping=row).is_open
    go_on(now=LATER + timedelta(days=365 * 20))
    assert departments().count("Growth") == 5
