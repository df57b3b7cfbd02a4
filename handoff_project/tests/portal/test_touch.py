from datetime import timedelta
from uuid import uuid4

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Touch

MINUTE = timedelta(minutes=1)


@pytest.fixture
def accepted(read, offered):
    read.ana.post("portal:accept", offered.pk)
    offered.refresh_from_db()
    return offered


def sent(**said):
    return {"channel": "call", "outcome": "connected", "nonce": str(uuid4())} | said


def test_the_form_says_which_clock_it_stops(read, accepted):
    shown = text(read.ana.get("portal:touches", accepted.pk))
    assert "stops the first-touch clock. 1 h left First touch due Wed 11:00" in shown


def test_the_first_touch_stops_its_clock_and_says_so(read, accepted, at):
    at(NOW + 12 * MINUTE)
    page = read.ana.post(
        "portal:touches", accepted.pk, data=sent(note="Budget is there"), follow=True
    )
    assert "Touch logged. First touch: met in 12 min." in text(page)
    assert "Call: spoke with them Ana Ruiz Budget is there Wed 10:12" in text(page)


def test_the_next_touch_says_that_the_clock_had_stopped(read, accepted):
    read.ana.post("portal:touches", accepted.pk, data=sent())
    page = read.ana.post("portal:touches", accepted.pk, data=sent(), follow=True)
    assert "The first-touch clock was stopped by an earlier touch." in text(page)
    assert "has stopped already" in text(read.ana.get("portal:touches", accepted.pk))


def test_the_same_form_sent_twice_logs_one_touch(read, accepted):
    data = sent()
    for _ in range(2):
        page = read.ana.post("portal:touches", accepted.pk, data=data, follow=True)
        assert "Touch logged. First touch: met" in text(page)
    assert accepted.touches.count() == 1


def test_a_form_left_open_is_not_back_dated_by_it(read, accepted, at):
    offer = read.ana.get("portal:touches", accepted.pk).context["form"]
    when = offer["when"].value().strftime("%Y-%m-%dT%H:%M")
    assert f'name="initial-when" value="{when}"' in str(offer["when"])
    at(NOW + 5 * MINUTE)
    read.ana.post("portal:touches", accepted.pk, data=sent(when=when) | {"initial-when": when})
    assert Touch.objects.get().occurred_at == NOW + 5 * MINUTE


def test_an_earlier_time_is_kept_in_the_readers_zone_with_both_times(read, accepted, cast, at):
    cast.ana.zone = "Europe/Berlin"
    cast.ana.save()
    at(NOW + 90 * MINUTE)
    data = sent(when="2026-03-04T11:20")
    page = read.ana.post("portal:touches", accepted.pk, data=data, follow=True)
    touch = Touch.objects.get()
    assert (touch.occurred_at, touch.entered_at) == (NOW + 20 * MINUTE, NOW + 90 * MINUTE)
    assert "First touch: met in 20 min." in text(page)
    assert "Wed 11:20 , back-dated: entered Wed 12:30" in text(page)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("2026-03-04T12:00", "A touch cannot lie in the future."),
        ("2026-03-01T12:00", "A touch cannot lie before the handoff."),
        ("yesterday", "Enter a valid date/time."),
    ],
)
def test_an_impossible_time_is_refused_and_the_input_kept(read, accepted, when, message):
    page = read.ana.post("portal:touches", accepted.pk, data=sent(when=when, note="kept"))
    assert page.status_code == 422
    assert message in text(page)
    assert ">kept</textarea>" in page.content.decode().replace("\n", "")
    assert "<title>Error: " in page.content.decode()
    assert not Touch.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_before_accepting_nothing_is_logged(read, offered, headers):
    answer = read.ana.post("portal:touches", offered.pk, data=sent(), follow=True, **headers)
    assert "Accept the lead first" in text(answer)
    assert answer.status_code == (409 if headers else 200)
    page = read.ana.client.get(f"/handoffs/{offered.pk}/touches/", follow=True)
    assert "Accept the lead first" in text(page)
    assert not Touch.objects.exists()


def test_opening_a_lead_stops_no_clock(read, accepted):
    read.ana.get("portal:lead", accepted.lead_id)
    assert accepted.clocks.get(kind="first_touch").stopped_at is None


def test_strangers_find_nothing(read, accepted):
    assert read.bo.post("portal:touches", accepted.pk, data=sent()).status_code == 404
