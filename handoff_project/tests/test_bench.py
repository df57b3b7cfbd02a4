"""The commands that send leads to a running demo, and those that measure it."""

import json
import random
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from handoff_project.demo import (
    bench_hours,
    bench_pages,
    bench_schema,
    bench_scoring,
    bench_watch,
    benches,
    client,
    traffic,
)
from handoff_project.management.commands import live_demo
from leads.models import Event, Identity, Lead, Score, Source, Touchpoint
from routing import router
from routing.models import Handoff

pytestmark = pytest.mark.django_db


class InProcess:
    """Stands in for a running server and its worker: scores and routes what it takes at once."""

    def __init__(self, company):
        self.company = company
        self.headers = {"Authorization": f"Bearer {company.source.token}"}

    def get(self, path):
        return Client().get(path).content

    def post(self, path, data):
        response = Client(headers=self.headers).post(path, data, content_type="application/json")
        assert response.status_code < 300, response.content
        now = timezone.now()
        self.company.score(at=now)
        router.route_new(now=now)
        return response.json()


@pytest.fixture
def server(company, monkeypatch):
    found = InProcess(company)

    @contextmanager
    def here(name, *, url):
        yield found

    monkeypatch.setattr(benches, "client_of", here)
    monkeypatch.setattr(live_demo, "client_of", here)
    monkeypatch.setattr(benches.time, "sleep", lambda seconds: None)
    return found


def bench(*args):
    out = StringIO()
    call_command("bench", *args, stdout=out)
    *_, last = out.getvalue().splitlines()
    return json.loads(last)


def test_event_to_queue_measures_beside_the_smallest_page(server):
    found = bench("event_to_queue", "-n", "3")
    assert found["n"] == 3
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["max_ms"]
    assert found["ratio"] == pytest.approx(found["p50_ms"] / found["livez_p50_ms"], rel=0.05)


def test_event_to_queue_leaves_nothing_on_anybodys_desk(server):
    bench("event_to_queue", "-n", "2")
    assert Lead.objects.filter(lead_source="bench", status="unqualified").count() == 2
    assert not Handoff.objects.open().exists()
    assert not Handoff.objects.filter(assignments__ended_at=None).exists()
    assert not Handoff.objects.filter(clocks__state="running").exists()
    assert Event.objects.filter(kind="routing.withdrawn").count() == 2


def test_withdrawing_touches_the_benchs_own_leads_alone(company):
    handoff = company.handoff()
    benches.withdraw([handoff.lead_id], now=timezone.now())
    handoff.refresh_from_db()
    assert handoff.state == "offered"


def test_queue_page_counts_the_queries_of_anas_queue(company, cast):
    company.handoff_of(cast.ana)
    found = bench("queue_page", "-n", "2")
    assert found["rows"] == 1
    assert found["queries"] > 0
    assert found["ratio"] > 0


def test_rescore_changes_nothing(company):
    company.lead(job_title="VP Operations")
    before = list(Score.objects.values())
    found = bench("rescore", "-n", "2")
    assert list(Score.objects.values()) == before
    assert (found["leads"], found["n"]) == (1, 2)


def test_scoring_is_measured_on_a_data_set_of_its_own(db, monkeypatch):
    monkeypatch.setattr(bench_scoring, "ESTIMATES", 5)
    with connection.cursor() as cursor:  # this transaction waits until the bench is done
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    Lead.objects.create(email="lena@acme.example", created_at=timezone.now())
    found = bench("scoring", "--leads", "2000", "-n", "1")
    assert (found["leads"], found["companies"], found["touchpoints"]) == (2000, 200, 40_000)
    assert 15_000 < found["signal_days"] < 20_000
    assert 20 < found["rows_changed"] < 100  # about three of a hundred
    assert 0 <= found["estimate_inside"] <= 1
    for name in ("rescore", "new_day", "preview"):
        assert found[f"{name}_ratio"] > 0
        assert found[f"{name}_s"] > 0
    assert found["score_one_ms"] > 0
    assert found["estimate_ms"] > 0
    assert found["python_mb"] < 50
    assert Lead.objects.get().email == "lena@acme.example"


def test_intake_is_measured_on_a_data_set_of_its_own(db):
    found = bench("intake", "--leads", "300", "--events", "400", "--rows", "40",
                  "--seconds", "1", "-n", "1")  # fmt: skip
    assert (found["leads"], found["events"], found["import_rows"]) == (300, 400, 40)
    for name in ("batch_ratio_to_copy", "scored_ratio_to_copy", "batch_events_per_s",
                 "scored_p99_ms", "batch_p99_ms", "track_p95_ms", "import_rows_per_s",
                 "import_peak_mb"):  # fmt: skip
        assert found[name] > 0
    assert not Lead.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NULL", [bench_schema.SCHEMA])
        assert cursor.fetchone()[0]


def test_business_time_and_the_watch_over_clocks_are_measured(db, monkeypatch):
    with connection.cursor() as cursor:  # this transaction waits until the bench is done
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    monkeypatch.setattr(bench_hours, "CASES", 400)
    for size, small in {"CLOCKS": 900, "DUE": 300, "STREAM": 60, "SECONDS": 2, "SWEEP": 1}.items():
        monkeypatch.setattr(bench_watch, size, small)
    found = bench("sla", "-n", "1")
    assert found["due_at_ratio"] > 1
    assert found["due_at_same"] > 0.9
    assert found["due_at_per_s"] > 0
    assert found["idle_sweep_ms"] > 0 and found["due_per_s"] > 0 and found["notice_p99_s"] >= 0
    assert found["duplicates"] == 0
    assert not Handoff.objects.exists()


def test_routing_is_measured_on_a_data_set_of_its_own(db):
    with connection.cursor() as cursor:  # this transaction waits until the bench is done
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    found = bench("routing", "--leads", "1200")
    keys = ("decide_ms", "routed_per_s", "fairness_spread", "claim_winners", "claim_p99_ms")
    assert tuple(found) == ("bench", *keys)
    assert found["decide_ms"] > 0 and found["routed_per_s"] > 0
    assert found["fairness_spread"] < 1
    assert found["claim_winners"] == 1
    assert not Handoff.objects.exists()


def test_pages_are_measured_on_a_data_set_of_their_own(db, monkeypatch):
    monkeypatch.setattr(bench_pages, "HANDOFFS", 4)
    monkeypatch.setattr(bench_pages, "HISTORY", 2)
    with connection.cursor() as cursor:  # this transaction waits until the bench is done
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    found = bench("pages", "--leads", "400", "-n", "2")
    assert (found["handoffs"], found["n"]) == (4, 2)
    assert all(found[f"{name}_p95_ms"] > 0 for name in ("queue", "lead", "poll"))
    assert 0 < found["script_gzip_kb"] <= 40 and found["first_load_kb"] <= 150
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(
    ("end", "told"), [(KeyboardInterrupt, CommandError), (ZeroDivisionError, ZeroDivisionError)]
)
def test_however_the_scoring_bench_ends_its_data_set_is_gone(db, monkeypatch, end, told):
    def ended(**sizes):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE leads_lead (id bigint)")
        raise end

    monkeypatch.setattr(bench_scoring, "call_command", lambda *args, **options: None)
    monkeypatch.setattr(bench_scoring.bench_crowd, "make", ended)
    with pytest.raises(told):
        bench("scoring", "--leads", "10")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NULL", [bench_schema.SCHEMA])
        assert cursor.fetchone()[0]
    assert Lead.objects.count() == 0  # of the usual tables, which it can see again


def test_two_scoring_benches_do_not_share_a_data_set(db, monkeypatch):
    monkeypatch.setattr(bench_scoring, "call_command", lambda *args, **options: None)
    monkeypatch.setattr(
        bench_scoring.bench_crowd, "make", lambda **sizes: bench("scoring", "--leads", "10")
    )
    with pytest.raises(CommandError, match="Another bench is at work"):
        bench("scoring", "--leads", "10")


@pytest.mark.parametrize("size", ["--leads", "--companies", "--touchpoints"])
def test_a_data_set_has_at_least_one_of_each(db, size):
    with pytest.raises(CommandError, match="whole numbers from 1"):
        bench("scoring", size, "0")


@pytest.mark.parametrize("name", benches.BENCHES)
def test_a_bench_says_what_it_needs(db, name):
    with pytest.raises(CommandError, match="load the demo company first"):
        bench(name)


@pytest.mark.parametrize("command", [("bench", "rescore"), ("live_demo",)])
def test_the_commands_refuse_production(db, command):
    with override_settings(HANDOFF_ENV="production"), pytest.raises(CommandError, match="demo"):
        call_command(*command)


def test_a_visitor_becomes_a_lead_with_what_they_did_before(server):
    visitors = traffic.Traffic(server, rng=random.Random(3))
    lines = [visitors.arrive(now=timezone.now()) for _ in range(6)]
    leads = Lead.objects.order_by("pk")
    assert all(lead.name in line for lead, line in zip(leads, lines, strict=True))
    browsers = Identity.objects.filter(kind="anonymous")
    assert browsers.exists()
    assert not browsers.filter(lead=None).exists()
    assert Touchpoint.objects.filter(lead__isnull=False, identity__in=browsers).exists()


def test_live_demo_stops_after_its_time(server):
    out = StringIO()
    call_command("live_demo", "--for", "0.01", stdout=out)
    assert out.getvalue().splitlines()[-1] == f"{Lead.objects.count()} leads arrived."


def test_ctrl_c_is_a_clean_end(server, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(traffic.Traffic, "arrive", interrupted)
    out = StringIO()
    call_command("live_demo", stdout=out)
    assert out.getvalue().splitlines()[-1] == "0 leads arrived."


def test_a_token_lives_as_long_as_its_client(db):
    with client.client_of("Demo traffic", url="http://127.0.0.1:9/") as sender:
        with pytest.raises(client.NoAnswer, match="No server answers at"):
            sender.post("/api/v1/leads/", {})
        assert Source.objects.get().tokens.filter(revoked_at=None).count() == 1
    assert not Source.objects.get().tokens.filter(revoked_at=None).exists()
