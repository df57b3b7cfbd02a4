"""A country that nobody can read is kept as it was written, until somebody decides what it is."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conftest import NOW
from leads.intake import remapping
from leads.models import Lead, Mapping
from leads.tests.lists import counts, load, text, told
from leads.tests.test_mapping import decide, go_on

HEADING = "email,country"
FILE = text(
    "a@a.example,Deutschlandd", "b@b.example,deutschlandD", "c@c.example,FR", heading=HEADING
)


def countries():
    return list(Lead.objects.order_by("pk").values_list("country", flat=True))


def test_what_a_list_said_is_listed_and_once_decided_stored_with_who_said_it(db):
    done = load(FILE)
    assert [(line, field) for line, field, _ in told(done)] == [(2, "country"), (3, "country")]
    listed = [(row["said"], row["n"]) for row in remapping.unmapped("country")]
    assert sorted(listed) == [("Deutschlandd", 1), ("deutschlandD", 1)]
    decide("country", "Deutschlandd", "Germany")
    assert remapping.unmapped("country") == []
    go_on()
    assert countries() == ["DE", "DE", "FR"]
    kept = Lead.objects.first().field_values.get(field="country")
    assert (kept.value, kept.run_id) == ("DE", done.pk)


def test_what_comes_later_is_read_and_the_same_list_again_changes_nothing_twice(db):
    decide("country", "Deutschlandd", "DE")
    assert told(load(FILE)) == []
    assert countries() == ["DE", "DE", "FR"]
    assert counts(load(FILE)) == {"unchanged": 3}


def test_what_an_event_said_is_listed_too(client, source):
    source.scopes = ["events:write"]
    source.save()
    event = {
        "type": "identify",
        "messageId": "m1",
        "userId": "u",
        "traits": {"email": "a@a.example"},
    }
    event["traits"]["country"] = "Allemagne de l'Ouest"
    answer = client.post(
        f"/v1/identify?writeKey={source.token}",
        event | {"writeKey": source.token},
        content_type="application/json",
    )
    assert (answer.status_code, Lead.objects.count()) == (200, 1), answer.content
    assert [row["said"] for row in remapping.unmapped("country")] == ["Allemagne de l'Ouest"]


def test_a_country_that_is_known_by_now_stays(db):
    load(FILE)
    Lead.objects.first().learn({"country": "AT"}, now=NOW)
    decide("country", "Deutschlandd", "DE")
    go_on()
    assert countries() == ["AT", "DE", "FR"]


@pytest.mark.parametrize(
    ("said", "means", "why"),
    [
        ("Germany", "FR", "Everybody reads this as DE."),
        ("Deutschlandd", "Deutschlandd", "No country is called so"),
        ("Deutschlandd", "Atlantis", "No country is called so"),
    ],
)
def test_a_decision_that_is_none_is_refused(db, said, means, why):
    with pytest.raises(ValidationError, match=why):
        decide("country", said, means)


def test_a_marketer_decides_on_the_page(client, cast):
    load(FILE)
    client.force_login(cast.mark)
    page = reverse("admin:leads_mapping_unmapped") + "?field=country"
    assert "Right as it is" not in client.get(page).text
    client.post(page, {"said": "Deutschlandd", "then": "map", "means": "Deutschland"})
    assert Mapping.objects.get().means == "DE"
