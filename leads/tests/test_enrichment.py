"""Gaps are filled by an outside provider, at its rate, and nobody's word is overwritten."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from leads.enrichment import answers, provider, questions, worker
from leads.models import (
    Company,
    CustomField,
    Enrichment,
    EnrichmentProvider,
    FieldValue,
    Lead,
    Pending,
    Source,
)
from leads.models.source import SCOPES

SECRET = "s3cret-canary"
ANSWER = {
    "person": {
        "name": {"fullName": "Lena Berg"},
        "employment": {"title": "VP Operations", "seniority": "vp"},
        "geo": {"countryCode": "DE"},
    },
    "company": {
        "name": "Acme GmbH",
        "domain": "www.acme.example",
        "metrics": {"employees": 800, "annualRevenue": 5_000_000.0},
        "tech": ["SAP", "Jira"],
    },
}
MAPPING = {
    "name": "person.name.fullName",
    "job_title": "person.employment.title",
    "country": "person.geo.countryCode",
    "company.name": "company.name",
    "company.domain": "company.domain",
    "company.employees": "company.metrics.employees",
    "company.revenue": "company.metrics.annualRevenue",
    "company.tech_stack": "company.tech",
}


class Service(ThreadingHTTPServer):
    """A provider on this machine: answers what the test lays ready, and remembers who asked."""

    def __init__(self):
        self.seen, self.status, self.headers, self.body = [], 200, {}, ANSWER
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/find?email={{email}}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.path, self.headers, self.rfile.read(length)))
        said = self.server.body
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def service():
    server = Service()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def asked(db, service, monkeypatch):
    """The provider as RevOps set it up."""
    monkeypatch.setenv("HANDOFF_SECRET_PEOPLE", SECRET)
    return EnrichmentProvider.objects.create(
        name="People", url=service.url, mapping=MAPPING, secret_variable="HANDOFF_SECRET_PEOPLE"
    )


def bare(email="lena@acme.example", **known):
    """A lead of whom almost nothing is known."""
    return Lead.objects.create(email=email, created_at=NOW, **known)


def work(*, now=NOW, most=50):
    worker.note_new(now=now)
    return sum(1 for _ in range(most) if worker.work_once(now=now))


# What is filled in


def test_gaps_are_filled_with_their_provenance_and_the_lead_is_scored_anew(asked, service):
    lead = bare()
    assert work() == 1
    lead.refresh_from_db()
    assert (lead.name, lead.job_title, lead.country) == ("Lena Berg", "VP Operations", "DE")
    assert (lead.company.name, lead.company.domain) == ("Acme GmbH", "acme.example")
    assert (lead.company.employees, lead.company.revenue) == (800, 5_000_000)
    assert lead.company.tech_stack == ["SAP", "Jira"]
    known = FieldValue.objects.get(lead=lead, field="job_title")
    assert (known.source, known.known_at) == (asked.source, NOW)
    assert Pending.objects.filter(lead=lead).exists()
    assert "job_title" in lead.events.get(kind="leads.enriched").cause
    path, headers, _ = service.seen[0]
    assert path == "/find?email=lena%40acme.example"
    assert headers["Authorization"] == f"Bearer {SECRET}"


def test_what_somebody_said_is_never_overwritten(asked, company, service):
    lead = company.lead("lena@acme.example", job_title="Founder")
    work()
    lead.refresh_from_db()
    assert (lead.job_title, lead.name) == ("Founder", "Lena Berg")
    assert lead.company.name == "Acme"


def test_what_a_provider_said_gives_way_also_to_older_news(asked, company):
    lead = bare()
    work()
    lead.refresh_from_db()
    lead.learn(
        {"job_title": "CEO"}, now=NOW, source=company.source, observed_at=NOW - timedelta(days=3)
    )
    assert Lead.objects.get().job_title == "CEO"


def test_a_provider_may_correct_itself(asked, service):
    lead = bare()
    work()
    service.body = {"person": {"employment": {"title": "COO"}}}
    later = NOW + timedelta(days=91)
    Lead.objects.update(country="")  # a gap, so that it is asked again
    FieldValue.objects.filter(field="country").delete()
    worker.sweep(now=later)
    work(now=later)
    lead.refresh_from_db()
    assert lead.job_title == "COO"


def test_a_company_is_asked_about_by_its_domain(asked, service):
    EnrichmentProvider.objects.update(
        about="company",
        url=service.url.replace("email", "domain"),
        mapping={"company.industry": "0.industry"},
    )
    service.body = [{"industry": "Machines"}]
    Company.objects.create(name="No domain")
    firm = Company.objects.create(name="Acme", domain="acme.example")
    assert work() == 1
    firm.refresh_from_db()
    assert firm.industry == "Machines"
    assert service.seen[0][0] == "/find?domain=acme.example"


def test_custom_fields_are_filled_in_by_their_type(asked, service):
    CustomField.objects.create(key="seats", label="Seats", on="company", kind="number")
    CustomField.objects.create(key="buys", label="Buys", kind="yes_no")
    asked.mapping = {"custom.seats": "seats", "custom.buys": "buys", "company.domain": "d"}
    asked.save()
    service.body = {"seats": "many", "buys": True, "d": "acme.example"}
    lead = bare()
    work()
    lead.refresh_from_db()
    assert lead.attributes == {"buys": True} and lead.company.attributes == {}
    assert "custom.seats" in Enrichment.objects.get().problem


def test_an_answer_may_hold_anything(asked, service):
    service.body = {
        "person": {
            "name": {"fullName": ["x", 3]},
            "employment": {"title": {"deep": 1}},
            "geo": {"countryCode": "Nowhere\x00"},
        },
        "company": {"name": "x" * 5_000, "metrics": [1], "tech": "SAP"},
    }
    lead = bare()
    work()
    lead.refresh_from_db()
    assert (lead.name, lead.job_title, lead.country, lead.company) == ("x", "", "", None)
    assert Enrichment.objects.get().state == "answered"


# Once, at its rate, with patience


def test_everybody_is_asked_about_once(asked, service):
    for n in range(3):
        bare(f"p{n}@acme.example")
    assert work() == 3 and work() == 0
    worker.sweep(now=NOW)
    assert work() == 0 and len(service.seen) == 3


def test_nobody_without_a_gap_is_asked_about(asked):
    EnrichmentProvider.objects.update(mapping={"job_title": "t", "name": "n"})
    bare(name="Lena", job_title="CEO")
    assert work() == 0


def test_that_nothing_is_known_is_an_answer_too(asked, service):
    service.status = 404
    bare()
    work()
    assert Enrichment.objects.get().state == "unknown"
    assert work(now=NOW + timedelta(days=1)) == 0
    service.status = 200
    worker.sweep(now=NOW + timedelta(days=91))
    assert work(now=NOW + timedelta(days=91)) == 1
    assert Lead.objects.get().name == "Lena Berg"


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, {}), (302, {}), (200, b"no json"), (200, b'"text"'), (200, b" " * 2_000_000)],
)
def test_a_failure_is_tried_again_with_growing_pauses_and_then_given_up(
    asked, service, status, body
):
    service.status, service.body = status, body
    service.headers = {"Location": f"{service.url}&elsewhere"}
    bare()
    work()
    question = Enrichment.objects.get()
    assert (question.state, question.attempts) == ("waiting", 1) and question.problem
    assert question.due_at > NOW and work() == 0
    at = NOW
    for _ in range(10):
        at += timedelta(hours=7)
        work(now=at)
    question.refresh_from_db()
    assert (question.state, question.attempts) == ("failed", worker.MOST_ATTEMPTS)
    assert len(service.seen) == worker.MOST_ATTEMPTS


def test_too_many_questions_pause_the_provider_and_cost_no_attempt(asked, service):
    service.status, service.headers = 429, {"Retry-After": "120"}
    bare()
    bare("b@b.example")
    assert work() == 1
    asked.refresh_from_db()
    assert asked.paused_until == NOW + timedelta(seconds=120) and "429" in asked.problem
    service.status = 200
    assert work(now=NOW + timedelta(seconds=60)) == 0
    assert work(now=NOW + timedelta(seconds=121)) == 2
    assert not Enrichment.objects.exclude(state="answered").exists()
    asked.refresh_from_db()
    assert asked.problem == "" and asked.paused_until is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_stops_the_questions_for_a_while(asked, service, status):
    service.status = status
    bare()
    assert work() == 1 and work() == 0
    asked.refresh_from_db()
    assert "key" in asked.problem


def test_a_secret_that_is_not_there_is_said_and_nobody_is_asked(asked, service, monkeypatch):
    monkeypatch.delenv("HANDOFF_SECRET_PEOPLE")
    bare()
    work()
    asked.refresh_from_db()
    assert "HANDOFF_SECRET_PEOPLE is not set" in asked.problem and not service.seen


def test_no_more_questions_a_minute_than_agreed(asked, service):
    EnrichmentProvider.objects.update(per_minute=2)
    for n in range(5):
        bare(f"p{n}@acme.example")
    # The minute is the database's, and may end meanwhile.
    assert work() in (2, 3, 4)


def test_a_worker_that_died_leaves_its_question_to_others(asked, service):
    bare()
    worker.note_new(now=NOW)
    assert worker._claim(asked, now=NOW) is not None
    assert worker.work_once(now=NOW) == 0
    Enrichment.objects.update(lease_until=NOW - timedelta(days=9_000))
    assert worker.work_once(now=NOW) == 1


def test_rows_that_came_late_are_found_by_the_sweep(asked):
    lead = bare()
    EnrichmentProvider.objects.update(seen=lead.pk + 10)
    assert work() == 0
    worker.sweep(now=NOW)
    assert work() == 1


def test_an_address_inside_our_own_network_is_refused_outside_the_demo(asked, service, settings):
    settings.DEMO = False
    with pytest.raises(provider.Unanswered):
        provider.ask(asked, "lena@acme.example", now=NOW)
    asked.url = "http://169.254.169.254/{email}"
    settings.DEMO = True
    with pytest.raises(provider.Unanswered):
        provider.ask(asked, "x", now=NOW)
    assert not service.seen


def test_neither_the_secret_nor_the_address_stands_in_what_went_wrong(asked, service):
    service.server_close()
    with pytest.raises(provider.Unanswered) as error:
        provider.ask(asked, "lena@acme.example", now=NOW)
    assert SECRET not in str(error.value) and "lena" not in str(error.value)


def test_a_posted_question_stands_in_the_body_too(asked, service):
    asked.method = "POST"
    provider.ask(asked, "lena@acme.example", now=NOW)
    assert json.loads(service.seen[0][2]) == {"email": "lena@acme.example"}


# Setting it up


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "https://api.example.com/find"}, "url"),
        ({"url": "file:///etc/passwd?{email}"}, "url"),
        ({"url": "https://api.example.com/{domain}"}, "url"),
        ({"secret_variable": ""}, "secret_variable"),
        ({"secret_variable": "SECRET_KEY"}, "secret_variable"),
        ({"header": "X\r\nY"}, "header"),
    ],
)
def test_a_provider_that_cannot_work_is_refused_at_its_field(asked, values, field):
    for name, value in values.items():
        setattr(asked, name, value)
    with pytest.raises(ValidationError) as error:
        asked.full_clean()
    assert field in error.value.message_dict


def test_its_source_may_send_nothing(asked):
    assert asked.source.scopes == [] and not any(map(asked.source.may, SCOPES))
    other = EnrichmentProvider(name="People 2", url="https://x.example/{email}")
    Source.objects.create(name="Enrichment: People 2")
    other.save()
    assert other.source.name.startswith("Enrichment: People 2 (")


def form_data(**values):
    mapping = "job_title = person.employment.title\n\ncompany.employees = company.size"
    return {
        "name": "People",
        "about": "person",
        "is_active": "on",
        "method": "GET",
        "url": "https://api.example.com/{email}",
        "per_minute": "60",
        "fresh_days": "90",
        "mapping": mapping,
        "header": "",
        "header_value": "",
    } | values


def test_revops_sets_a_provider_up(client, cast):
    client.force_login(cast.ren)
    add = reverse("admin:leads_enrichmentprovider_add")
    page = client.post(add, form_data())
    assert page.status_code == 302, page.context["errors"]
    made = EnrichmentProvider.objects.get()
    assert made.mapping["company.employees"] == "company.size"
    page = client.get(reverse("admin:leads_enrichmentprovider_change", args=[made.pk]))
    assert b"job_title = person.employment.title" in page.content


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("job_title", "Line 1: write ATTRIBUTE = PATH."),
        ("name = a\nname = b", "Line 2: name stands there twice."),
        ("email = a\nscore.total = b", "Not an attribute that can be filled in: email, score"),
        ("company.relationship = a", "Not an attribute that can be filled in"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_its_line(client, cast, mapping, words):
    client.force_login(cast.ren)
    page = client.post(reverse("admin:leads_enrichmentprovider_add"), form_data(mapping=mapping))
    assert words in page.content.decode() and not EnrichmentProvider.objects.exists()


def test_a_trial_shows_what_an_answer_means_and_stores_nothing(client, cast, asked):
    client.force_login(cast.ren)
    url = reverse("admin:leads_enrichmentprovider_trial", args=[asked.pk])
    page = client.post(url, {"value": "lena@acme.example"}).content.decode()
    assert "VP Operations" in page and "acme.example" in page and SECRET not in page
    assert not Lead.objects.exists() and not Enrichment.objects.exists()
    client.force_login(cast.mark)
    assert client.post(url, {"value": "x"}).status_code == 403


def test_everybody_with_a_gap_can_be_asked_about(client, cast, asked):
    EnrichmentProvider.objects.update(seen=10**9)
    for n in range(3):
        bare(f"p{n}@acme.example")
    client.force_login(cast.ren)
    url = reverse("admin:leads_enrichmentprovider_questions", args=[asked.pk])
    page = client.post(url, follow=True).content.decode()
    assert "3 questions wait" in page
    assert work(now=timezone.now()) == 3


def test_paths_lead_into_lists_and_never_fail():
    answer = {"a": [{"b": 1}], "c": None}
    assert answers.at_path(answer, "a.0.b") == 1
    for path in ("a.1.b", "a.x", "c.d", "e", "", "a.0.b.c", "." * 100):
        assert answers.at_path(answer, path) is None


def test_a_gap_is_any_mapped_attribute_that_is_unknown(asked):
    full = bare(name="L", job_title="T", country="DE")
    full.company = Company.objects.create(
        name="A", domain="a.example", employees=1, revenue=1, tech_stack=["SAP"]
    )
    full.save()
    assert not questions.subjects(asked).exists()
    Company.objects.update(tech_stack=[])
    assert questions.subjects(asked).get() == full
