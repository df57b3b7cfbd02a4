"""A new signal is looked for in the past; an edited one is a new revision."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from conftest import NOW, publish, segment
from leads.intake import backfill
from leads.intake.touchpoints import shows
from leads.models import Backfill, MQLDefinition, Pending, Signal, SignalDay, Touchpoint
from leads.scoring.explain import explain
from leads.tests.test_visits import look

LATER = NOW + timedelta(minutes=1)
State = Backfill.State


def go_on(*, now=LATER):
    while backfill.step(now=now):
        pass


@pytest.fixture
def blog(db):
    """A signal that is made after people have shown it."""
    found = Signal(key="blog", name="Blog read", kind="page_view", path_prefix="/blog")
    found.keep(now=NOW)
    return found


def test_a_new_signal_is_found_in_the_past_with_time_and_visits(company, signals, monkeypatch):
    monkeypatch.setattr(backfill, "CHUNK", 2)
    lead = company.lead()
    look(company, lead, 30, 28, url="/blog/one")
    look(company, lead, 27, 5)
    look(company, lead, 9, 8, day=40, url="/blog")
    blog = Signal(key="blog", name="Blog read", kind="page_view", path_prefix="/blog")
    blog.keep(now=NOW)
    assert not backfill.step(now=NOW), "intake that did not know the signal may still commit"
    go_on()
    company.score()
    rows = SignalDay.objects.filter(lead=lead, signal=blog).order_by("day")
    assert list(rows.values_list("n", "seconds", "visits")) == [(2, 60, 1), (2, 180, 1)]
    work = Backfill.objects.get()
    assert (work.state, work.total, work.done, work.found) == (State.DONE, 6, 6, 4)
    # Once more would change nothing.
    Backfill.objects.update(state=State.WAITING, last_at=None, last_digest=None)
    go_on()
    assert not Pending.objects.exists()
    assert max(len(set(one.signals)) for one in Touchpoint.objects.all()) == 1


def test_it_can_be_stopped_and_goes_on_where_it_stopped(company, signals, monkeypatch):
    monkeypatch.setattr(backfill, "CHUNK", 2)
    look(company, company.lead(), *range(1, 6), url="/blog")
    blog = Signal(key="blog", name="Blog read", kind="page_view", path_prefix="/blog")
    blog.keep(now=NOW)
    backfill.step(now=LATER)
    assert blog.backfill.cancel(now=LATER)
    assert not backfill.step(now=LATER)
    blog.backfill.refresh_from_db()
    assert (blog.backfill.state, blog.backfill.done) == (State.CANCELLED, 2)
    assert not blog.backfill.cancel(now=LATER) and blog.backfill.resume()
    go_on()
    blog.backfill.refresh_from_db()
    assert (blog.backfill.done, blog.backfill.found) == (5, 5)


def test_a_long_queue_is_scored_first(company, blog, monkeypatch):
    monkeypatch.setattr(backfill, "MOST_PENDING", 0)
    Pending.objects.create(lead=company.lead())
    assert not backfill.step(now=LATER)
    company.score()
    assert backfill.step(now=LATER)


def test_other_patterns_are_a_new_revision_and_published_rules_keep_the_old_one(company, signals):
    asked = segment(
        "Reads prices",
        ("all", "behaviour", "happened", "1", {"signal": signals.pricing, "window_days": 30}),
    )
    draft = MQLDefinition.draft_from_live(by=None)
    lead = company.lead()
    look(company, lead, 10)
    look(company, lead, 9, url="/plans")
    old = Signal.objects.get(key="pricing")
    new = Signal.objects.get(key="pricing")
    new.path_prefix = "/plans"
    new.keep(now=NOW)
    assert (new.revision, new.pk != old.pk) == (2, True)
    assert Signal.objects.current().get(key="pricing") == new
    assert asked.conditions.get().signal == new
    assert set(draft.rules.filter(label="Pricing page").values_list("signal", flat=True)) == {
        new.pk
    }
    live = MQLDefinition.objects.live()
    assert live.rules.get(label="Pricing page").signal == old
    go_on()
    look(company, lead, 8)
    look(company, lead, 7, url="/plans/team")

    def seen(version):
        lines = explain(version.compiled, lead.pk, today=NOW.date())["lines"]
        return next(line["count"] for line in lines if line["label"] == "Pricing page")

    assert seen(live) == 2
    fresh = MQLDefinition.draft_from_this(live, by=None)
    assert fresh.rules.get(label="Pricing page").signal == new
    publish(fresh, now=NOW)
    assert seen(MQLDefinition.objects.live()) == 2
    look(company, lead, 6, url="/plans/all")
    assert (seen(live), seen(MQLDefinition.objects.live())) == (2, 3)


def test_another_name_is_no_new_revision(signals):
    signals.pricing.name = "Prices"
    signals.pricing.keep(now=NOW)
    assert Signal.objects.get(key="pricing").name == "Prices"
    assert not Backfill.objects.filter(signal__key="pricing").exists()


# The pages


@pytest.fixture
def today(monkeypatch):
    """Pages read the clock themselves: this is what it says."""
    monkeypatch.setattr(timezone, "now", lambda: LATER)


def post_signal(client, signal, **changed):
    names = ("name", "description", "kind", "event", "path_prefix")
    said = {name: getattr(signal, name) for name in names} | {"is_active": "on"}
    said |= {"whole_parts": "on"} | changed
    return client.post(reverse("admin:leads_signal_change", args=[signal.pk]), said)


def test_a_marketer_edits_a_signal_sees_how_far_it_is_and_stops_it(client, company, signals):
    client.force_login(company.cast.mark)
    look(company, company.lead("lena@acme.example"), 10)
    assert post_signal(client, signals.pricing, path_prefix="/plans").status_code == 302
    new = Signal.objects.current().get(key="pricing")
    page = reverse("admin:leads_signal_change", args=[new.pk])
    shown = client.get(page).content.decode()
    assert "revision 2" in shown and "Nothing showed it" in shown and "<progress" in shown
    assert 'data-again="5"' in shown and "portal/admin-again.js" in shown
    work = reverse("admin:leads_signal_backfill", args=[new.pk])
    assert client.get(work).status_code == 405
    assert client.post(work, {"then": "cancel"}).status_code == 302
    stopped = client.get(page).content.decode()
    assert "Go on where it stopped" in stopped and "admin-again" not in stopped
    client.post(work, {"then": "resume"})
    assert new.backfill.state == State.WAITING


def test_what_shows_no_signal_is_listed_and_becomes_one(client, company, signals, today):
    client.force_login(company.cast.mark)
    lead = company.lead()
    look(company, lead, 10, 9, url="https://www.example.com/blog/one?utm=1#top")
    look(company, lead, 8)
    rows = backfill.unnamed(now=NOW)
    assert [(row["kind"], row["path"], row["n"]) for row in rows] == [("page_view", "/blog/one", 2)]
    shown = client.get(reverse("admin:leads_signal_unnamed")).content.decode()
    assert "?kind=page_view&amp;path_prefix=%2Fblog%2Fone" in shown
    form = client.get(
        reverse("admin:leads_signal_add"), {"kind": "page_view", "path_prefix": "/blog/one"}
    ).content.decode()
    assert 'value="/blog/one"' in form and 'value="blogone"' in form


def test_a_signals_page_shows_who_showed_it(client, company, signals, today, monkeypatch):
    client.force_login(company.cast.mark)
    look(company, company.lead("lena@acme.example"), 10)
    page = client.get(reverse("admin:leads_signal_change", args=[signals.pricing.pk]))
    assert "1 touchpoint in the last 30 days" in page.content.decode()
    monkeypatch.setattr(backfill, "NEWEST", 1)
    page = client.get(reverse("admin:leads_signal_change", args=[signals.pricing.pk]))
    assert "1 touchpoint among the newest 1 of all" in page.content.decode()
    assert "lena@acme.example" in page.content.decode()


def test_managers_look_and_reps_do_not(client, company, blog):
    work = reverse("admin:leads_signal_backfill", args=[blog.pk])
    client.force_login(company.cast.mia)
    assert client.get(reverse("admin:leads_signal_unnamed")).status_code == 200
    assert client.post(work, {"then": "cancel"}).status_code == 403
    client.force_login(company.cast.ana)
    assert client.get(reverse("admin:leads_signal_unnamed")).status_code in (302, 403)
    assert Backfill.objects.get().state == State.WAITING


def test_a_second_signal_of_the_same_key_is_refused_at_the_field(client, company, signals):
    client.force_login(company.cast.mark)
    said = {"name": "X", "key": "pricing", "kind": "page_view", "is_active": "on"}
    answer = client.post(reverse("admin:leads_signal_add"), said)
    assert "There is a signal with this key." in answer.content.decode()


@pytest.mark.parametrize(
    ("prefix", "path", "whole", "parts_of_a_name"),
    [
        ("/pricing", "/pricing", True, True),
        ("/pricing", "/pricing/", True, True),
        ("/pricing", "/Pricing/eu", True, True),
        ("/pricing", "/pricing-old", False, True),
        ("/pricing", "/pricing.html", False, True),
        ("/pricing/", "/pricing", True, False),
        ("/pricing/", "/pricing/eu", True, True),
        ("/pricing", "/eu/pricing", False, False),
        ("/", "/anything", True, True),
        ("/", "/", True, True),
        ("/pricing", "", False, False),
        ("/", "", False, False),
    ],
)
def test_a_path_is_matched_by_its_whole_parts(prefix, path, whole, parts_of_a_name):
    for whole_parts, found in ((True, whole), (False, parts_of_a_name)):
        asked = Signal(kind="page_view", path_prefix=prefix, whole_parts=whole_parts)
        seen = SimpleNamespace(kind="page_view", event="", url=f"https://acme.example{path}?a=1")
        assert shows(asked, seen) == found


def test_another_way_to_match_is_a_new_revision_and_the_past_is_looked_through(company, signals):
    signals.pricing.whole_parts = False
    signals.pricing.keep(now=NOW)
    assert Signal.objects.current().get(key="pricing").revision == 2
    assert Backfill.objects.filter(signal=signals.pricing).exists()
