import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from routing.models import Cadence


def form(*steps, **said):
    rows = {}
    for number, (hours, kind, text) in enumerate(steps):
        named = {"hours": hours, "kind": kind, "text": text}
        rows |= {f"steps-{number}-{name}": value for name, value in named.items()}
    return {
        "name": "Three mails and a call",
        "unit": "business",
        "is_active": "on",
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": 0,
        **rows,
        **said,
    }


@pytest.mark.parametrize("who", ["mark", "mia"])
def test_marketers_and_managers_make_a_cadence(client, cast, who):
    client.force_login(getattr(cast, who))
    steps = [(1, "email", "Thank them"), (8, "call", "Ask"), (48, "email", "Ask again")]
    said = client.post(reverse("admin:routing_cadence_add"), form(*steps, tiers=["A", "B"]))
    assert said.status_code == 302
    made = Cadence.objects.get()
    assert made.tiers == ["A", "B"]
    assert list(made.steps.values_list("hours", "kind", "text")) == steps
    page = client.get(reverse("admin:routing_cadence_changelist")).content.decode()
    assert "E-mail 1 h, Call 8 h, E-mail 48 h (working hours)" in page
    assert "By itself for tier A, B" in page


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "at least 1"),
        ([(0, "email", "")], "at least an hour after the start"),
        ([(1441, "email", "")], "At most sixty days"),
    ],
)
def test_a_cadence_that_makes_no_sense_is_refused(client, cast, steps, words):
    client.force_login(cast.mark)
    said = client.post(reverse("admin:routing_cadence_add"), form(*steps))
    assert said.status_code == 200 and words in said.content.decode()
    assert not Cadence.objects.exists()


def test_a_tier_has_one_cadence_that_starts_by_itself(db):
    Cadence.objects.create(name="Mails", tiers=["A", "B"])
    other = Cadence(name="Calls", tiers=["B", "C"])
    with pytest.raises(ValidationError, match="“Mails” starts by itself for tier B already"):
        other.full_clean()
    other.is_active = False
    other.full_clean()
