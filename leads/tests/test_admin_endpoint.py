import pytest
from django.urls import reverse

from conftest import NOW
from leads import outbox
from leads.models import Delivery, Endpoint, Event
from leads.tests.receivers import Receiver

LIST = "admin:leads_endpoint_changelist"
FORM = {
    "name": "Warehouse",
    "description": "Run by data",
    "shape": "signed",
    "url": "https://93.184.215.14/hook",
    "event_types": ["routing.routed"],
    "is_active": "on",
}


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


@pytest.fixture
def endpoint(db):
    return Endpoint.objects.create(
        name="Warehouse", url="https://93.184.215.14/", event_types=["routing.routed"]
    )


def test_revops_makes_an_endpoint(ren):
    page = ren.get(reverse("admin:leads_endpoint_add")).content.decode()
    assert "A rep took a lead on (routing.accepted)" in page
    ren.post(reverse("admin:leads_endpoint_add"), FORM)
    made = Endpoint.objects.get()
    assert (made.url, made.event_types) == (FORM["url"], ["routing.routed"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "https://127.0.0.1/"}, "This address points inside our own network (127.0.0.1)"),
        ({"url": "https://169.254.169.254/"}, "points inside our own network"),
        ({"url": "http://93.184.215.14/"}, "Use https://"),
        ({"event_types": []}, "Choose at least one event"),
        ({"event_types": ["no.such"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(ren, wrong, words):
    page = ren.post(reverse("admin:leads_endpoint_add"), FORM | wrong)
    assert words in page.content.decode()
    assert not Endpoint.objects.exists()


def test_a_secret_is_shown_once(ren, endpoint):
    url = reverse("admin:leads_endpoint_secrets", args=[endpoint.pk])
    assert ren.get(url).status_code == 405
    first = ren.post(url).content.decode()
    assert endpoint.secrets.get().text in first and "24 hours" not in first
    second = ren.post(url).content.decode()
    assert "24 hours" in second
    page = ren.get(reverse("admin:leads_endpoint_change", args=[endpoint.pk])).content.decode()
    assert "whsec_" not in page and "Signs until" in page


def test_a_test_is_sent_and_its_answer_seen(ren, endpoint, settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    receiver = Receiver(500)
    Endpoint.objects.update(url=receiver.url)
    ren.post(reverse("admin:leads_endpoint_test", args=[endpoint.pk]))
    row = Delivery.objects.get()
    outbox.relay(now=row.available_at)
    receiver.close()
    page = ren.get(reverse("admin:leads_endpoint_change", args=[endpoint.pk])).content.decode()
    assert "leads.endpoint_tested" in page and "It answered 500." in page and "Trying again" in page


def test_what_was_given_up_is_sent_again_in_bulk_or_one_by_one(ren, endpoint):
    for _ in range(3):
        Event.objects.create(kind="routing.routed", happened_at=NOW)
    Delivery.objects.update(state="dead", attempts=10)
    one = Delivery.objects.first()
    choice = {"action": "send_again", "_selected_action": [one.pk]}
    ren.post(reverse("admin:leads_delivery_changelist"), choice)
    assert Delivery.objects.filter(state="pending", attempts=0).count() == 1
    ren.post(reverse("admin:leads_endpoint_replay", args=[endpoint.pk]))
    assert Delivery.objects.filter(state="pending", attempts=0).count() == 3


def test_nothing_waits_for_an_endpoint_that_somebody_switched_off(ren, endpoint):
    Event.objects.create(kind="routing.routed", happened_at=NOW)
    off = {name: value for name, value in FORM.items() if name != "is_active"}
    ren.post(reverse("admin:leads_endpoint_change", args=[endpoint.pk]), off)
    assert Delivery.objects.get().last_error == "Switched off. By Ren Sato."
    again = {"action": "send_again", "_selected_action": [Delivery.objects.get().pk]}
    page = ren.post(reverse("admin:leads_delivery_changelist"), again, follow=True)
    assert "switched off, and therefore not sent: 1" in page.content.decode()


@pytest.mark.parametrize("who", ["ana", "tess", "mark", "mia"])
@pytest.mark.parametrize("name", ["secrets", "test", "replay"])
def test_only_revops_may_touch_endpoints(client, cast, endpoint, who, name):
    client.force_login(getattr(cast, who))
    url = reverse(f"admin:leads_endpoint_{name}", args=[endpoint.pk])
    assert client.post(url).status_code in (302, 403)
    assert not endpoint.secrets.exists() and not Delivery.objects.exists()
