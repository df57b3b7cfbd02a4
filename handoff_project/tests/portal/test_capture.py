"""Visitors of any website fill in a form; what they say becomes a lead, once."""

from datetime import timedelta

import pytest
from django.urls import reverse

from conftest import NOW
from handoff_project.tests.portal.conftest import Reader, text
from leads.api import limits
from leads.capture.asking import HONEYPOT
from leads.models import (
    CaptureField,
    CaptureForm,
    CustomField,
    Lead,
    RefusedEvent,
    Source,
    SourceHour,
)

AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def visitor(db, at):
    return Reader(None)


@pytest.fixture
def form(db):
    row = CaptureForm.objects.create(
        name="Demo request", slug="demo", kind="demo_request", heading="See it", lead_source="Web"
    )
    ask(row, "company.name", "Company", required=True)
    return row


def ask(row, target, label, **more):
    return CaptureField.objects.create(
        form=row, target=target, label=label, position=row.asked.count() + 1, **more
    )


def fill(row, **said):
    """What a browser sends: answers by label."""
    named = {one.label: f"f{one.pk}" for one in row.asked.all()}
    return {named.get(label, label): value for label, value in said.items()}


def send(visitor, row, *, headers=None, **said):
    said = {"email": "Lena@Acme.example", "Company": "Acme"} | said
    return visitor.post("portal:capture", row.slug, data=fill(row, **said), **(headers or {}))


def test_a_form_makes_a_lead_and_says_thanks(visitor, form, company):
    ask(form, "company.domain", "Website")
    ask(form, "company.employees", "Staff")
    ask(form, "country", "Country")
    ask(form, "", "What for?", shape="long")
    answer = send(
        visitor,
        form,
        **{"Website": "https://www.acme.example/x", "Staff": "800", "Country": "DE"},
        **{"What for?": "Planning"},
    )
    assert answer.url == "/forms/demo/thanks/"
    assert "Thank you" in text(visitor.client.get(answer.url))
    company.score()
    lead = Lead.objects.get(email="lena@acme.example")
    assert (lead.stage_id, lead.lead_source, lead.country) == ("mql", "Web", "DE")
    assert (lead.company.domain, lead.company.employees) == ("acme.example", 800)
    assert (lead.conversion.form, lead.conversion.kind) == ("Demo request", "demo_request")
    assert lead.conversion.answers == {"What for?": "Planning"}


def test_the_same_filling_in_sent_twice_is_one_submission(visitor, form):
    nonce = visitor.get("portal:capture", "demo").context["form"]["nonce"].value()
    for _ in range(2):
        assert send(visitor, form, nonce=nonce).status_code == 302
    assert Lead.objects.get().touchpoints.count() == 1
    send(visitor, form, nonce="another")
    assert Lead.objects.get().touchpoints.count() == 2


def test_a_form_that_carries_no_nonce_counts_once_a_day(visitor, form):
    for _ in range(2):
        send(visitor, form)
    assert Lead.objects.get().touchpoints.count() == 1


@pytest.mark.parametrize(
    ("target", "typed", "words"),
    [
        ("email", "", "Fill in: Work e-mail."),
        ("email", "nobody", "Not an e-mail address"),
        ("company.name", "  ", "Fill in: Asked."),
        ("company.domain", "not a domain", "Give a bare domain"),
        ("company.employees", "many", "number"),
        ("company.employees", "-3", "greater than or equal to 0"),
        ("country", "XX", "Select a valid choice."),
        ("name", "x" * 300, "no more than 200 characters"),
        ("name", "nul\x00", "ull character"),
    ],
)
def test_a_form_with_a_mistake_is_shown_again_with_the_mistake_at_its_field(
    visitor, form, target, typed, words
):
    asked = "email" if target == "email" else f"f{ask(form, target, 'Asked', required=True).pk}"
    ask(form, "phone", "Phone")
    page = send(visitor, form, **{asked: typed, "Phone": "+49 30 901820"})
    assert page.status_code == 400
    assert words in str(page.context["form"][asked].errors)
    assert f'href="#id_{asked}"' in page.content.decode()
    assert "+49 30 901820" in page.content.decode()
    assert not Lead.objects.exists()


def test_a_script_reads_the_mistakes_and_the_thanks_as_json_from_anywhere(visitor, form):
    answer = send(visitor, form, headers=AS_SCRIPT, email="nobody", Company="")
    named = f"f{form.asked.get().pk}"
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"email", named}
    answer = send(visitor, form, headers=AS_SCRIPT)
    assert answer.json()["message"].startswith("Thank you")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_first_and_last_touch_stay_apart(visitor, form):
    first = NOW - timedelta(days=9)
    send(
        visitor,
        form,
        page_url="https://acme.example/demo?utm_source=google&utm_medium=cpc&utm_campaign=Spring",
        referrer="https://google.example/",
        first_url="https://acme.example/blog?utm_source=newsletter&utm_campaign=Winter",
        first_referrer="https://mail.example/",
        first_at=first.isoformat(),
    )
    lead = Lead.objects.get()
    assert (lead.lead_source, lead.channel, lead.campaign.name) == ("google", "cpc", "Spring")
    came, converted = lead.touchpoints.order_by("occurred_at")
    assert (came.occurred_at, came.kind, came.campaign.name) == (first, "page_view", "Winter")
    assert came.context["campaign"] == {"source": "newsletter", "name": "Winter"}
    assert came.context["referrer"] == "https://mail.example/"
    assert converted.context["campaign"]["source"] == "google"
    send(visitor, form, nonce="later", first_at=(first - timedelta(days=1)).isoformat())
    assert lead.conversion.referrer == "https://google.example/"


@pytest.mark.parametrize("at", ["soon", "1999-01-01T00:00:00Z", "2999-01-01T00:00:00Z", ""])
def test_a_first_visit_that_cannot_be_is_left_out(visitor, form, at):
    send(visitor, form, first_url="https://acme.example/", first_at=at)
    assert [one.kind for one in Lead.objects.get().touchpoints.all()] == ["demo_request"]


def test_addresses_that_are_no_addresses_do_no_harm(visitor, form):
    send(visitor, form, page_url="http://[" + "x" * 3_000, referrer="javascript:alert(1)")
    assert len(Lead.objects.get().conversion.page_url) == 2_000


def test_what_only_a_program_fills_in_is_set_aside_for_a_person_to_see(visitor, form):
    answer = send(visitor, form, **{HONEYPOT: "555", "Company": "Cheap \x00 pills"})
    assert answer.status_code == 302
    assert not Lead.objects.exists()
    kept = RefusedEvent.objects.get()
    assert "Demo request" in kept.reason and kept.payload["answers"]["Company"] == "Cheap  pills"


def test_what_a_form_took_is_stored_a_duplicate_or_refused(visitor, form):
    send(visitor, form, nonce="once")
    send(visitor, form, nonce="once")
    send(visitor, form, **{HONEYPOT: "555"})
    assert SourceHour.objects.totals() == {"stored": 1, "duplicates": 1, "refused": 1}


def test_one_address_that_sends_without_end_is_asked_to_wait(visitor, form, monkeypatch):
    monkeypatch.setattr(limits, "STRANGERS", 2)
    answers = [send(visitor, form, nonce=str(n), email=f"p{n}@b.example") for n in range(9)]
    late = answers[-1]
    assert late.status_code == 429 and int(late.headers["Retry-After"]) > 0
    assert "Try again in" in text(late) and "p8@b.example" in late.content.decode()
    taken = [one for one in answers if one.status_code == 302]
    assert Lead.objects.count() == len(taken) < 9


def test_consent_is_kept_with_its_words(visitor, form):
    CaptureForm.objects.update(consent_text="Write to me.", consent_required=True)
    form.refresh_from_db()
    assert send(visitor, form).status_code == 400
    assert send(visitor, form, consent="on").status_code == 302
    assert Lead.objects.get().conversion.answers == {"Write to me.": True}


def test_custom_fields_can_be_asked_for_until_they_are_switched_off(visitor, form):
    field = CustomField.objects.create(
        key="plan", label="Plan", kind="choice", choices=["Team", "Big"]
    )
    yes = CustomField.objects.create(key="trial", label="Trial", kind="yes_no")
    ask(form, "custom.plan", "Which plan?")
    ask(form, "custom.trial", "A trial?")
    assert send(visitor, form, **{"Which plan?": "None"}).status_code == 400
    send(visitor, form, **{"Which plan?": "Big", "A trial?": "on"})
    assert Lead.objects.get().attributes == {"plan": "Big", "trial": True}
    CustomField.objects.filter(pk__in=[field.pk, yes.pk]).update(is_active=False)
    assert send(visitor, form, nonce="2", **{"Which plan?": "Team"}).status_code == 302
    assert Lead.objects.get().attributes["plan"] == "Big"


def test_a_question_with_choices_takes_only_those(visitor, form):
    ask(form, "", "How soon?", shape="choice", choices=["Now", "Later"])
    ask(form, "", "Call me", shape="tick")
    assert send(visitor, form, **{"How soon?": "Never"}).status_code == 400
    send(visitor, form, **{"How soon?": "Now", "Call me": "on"})
    assert Lead.objects.get().conversion.answers == {"How soon?": "Now", "Call me": True}


def test_a_form_sends_its_visitors_on_and_lets_the_browser_follow(visitor, form):
    CaptureForm.objects.update(next_url="https://acme.example/guide.pdf")
    assert send(visitor, form).url == "https://acme.example/guide.pdf"
    policy = visitor.get("portal:capture", "demo").headers["Content-Security-Policy"]
    assert "form-action 'self' https://acme.example" in policy


def test_a_form_that_is_switched_off_is_not_there(visitor, form):
    CaptureForm.objects.update(is_active=False)
    assert visitor.get("portal:capture", "demo").status_code == 404
    assert send(visitor, form).status_code == 404


def test_a_form_pasted_elsewhere_needs_no_token_of_ours(form, at):
    stranger = Reader(None, enforce_csrf_checks=True)
    assert send(stranger, form, headers={"Origin": "https://acme.example"}).status_code == 302


# The admin


def test_a_marketer_builds_a_form_and_takes_it_to_a_website(read, cast, db):
    rows = "asked-"
    made = read.mark.client.post(
        reverse("admin:leads_captureform_add"),
        {
            **{"name": "Guide", "slug": "guide", "kind": "content_download", "heading": "Read"},
            **{"button": "Send", "thanks": "Thanks.", "is_active": "on", "consent_to": "email"},
            **{f"{rows}TOTAL_FORMS": "2", f"{rows}INITIAL_FORMS": "0"},
            **{f"{rows}0-position": "2", f"{rows}0-target": "name", f"{rows}0-label": "Name"},
            **{f"{rows}0-shape": "short", f"{rows}0-required": "on"},
            **{f"{rows}1-position": "1", f"{rows}1-target": "", f"{rows}1-label": "Why?"},
            **{f"{rows}1-shape": "choice", f"{rows}1-choices": "Work, Fun"},
        },
    )
    assert made.status_code == 302, made.context["errors"]
    form = CaptureForm.objects.get()
    assert [one.label for one in form.asked.all()] == ["Why?", "Name"]
    page = read.mark.client.get(reverse("admin:leads_captureform_change", args=[form.pk]))
    snippet = page.context["snippet"]
    assert '<form method="post" action="http://testserver/forms/guide/"' in snippet
    assert "Work</option>" in snippet and "csrf" not in snippet and HONEYPOT in snippet


def test_a_form_cannot_ask_for_what_nobody_knows(read, form):
    asked = form.asked.get()
    rows, url = "asked-", reverse("admin:leads_captureform_change", args=[form.pk])
    page = read.mark.client.post(
        url,
        {
            **{"name": "Demo request", "kind": "demo_request", "heading": "See it"},
            **{"button": "Send", "thanks": "Thanks.", "consent_required": "on"},
            **{f"{rows}TOTAL_FORMS": "1", f"{rows}INITIAL_FORMS": "1", f"{rows}0-id": asked.pk},
            **{f"{rows}0-form": form.pk, f"{rows}0-position": "1", f"{rows}0-shape": "choice"},
            **{f"{rows}0-target": "score.total", f"{rows}0-label": "Score"},
        },
    )
    words = text(page)
    assert "Select a valid choice." in words and "Say what visitors must agree to." in words


def test_submissions_are_those_of_one_source_that_can_be_switched_off(visitor, form):
    send(visitor, form)
    assert Source.objects.get().name == "Hosted forms"
    Source.objects.update(is_active=False)
    assert send(visitor, form, email="b@b.example").status_code == 404
    assert Lead.objects.count() == 1
