"""Consent per channel: from every door, with its history, and never lifted by a list."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from conftest import NOW
from leads import consents
from leads.conditions import compiler, terms, words
from leads.intake import events
from leads.intake.wire import events_of
from leads.models import FieldValue, ImportRun, Lead
from leads.tests.lists import run, upload

LATER = NOW + timedelta(days=1)


def again(lead):
    return Lead.objects.get(pk=lead.pk)


def brought_in(text, *, at):
    batch = upload(text)
    batch.created_at = at
    batch.save()
    return run(batch, now=at)


def identified(company, *, at, **traits):
    body = {
        "batch": [
            {
                "type": "identify",
                "messageId": f"m{at}",
                "userId": "u1",
                "timestamp": at.isoformat(),
                "traits": traits,
            }
        ]
    }
    events.receive_events(events_of(body, "batch", now=at), source=company.source, now=at)


def test_opted_out_is_the_same_as_withdrawn_consent_to_e_mail(company):
    lead = company.lead(opted_out=True)
    assert (again(lead).email_consent, again(lead).opted_out) == ("withdrawn", True)
    company.lead(lead.email, at=LATER, email_consent="given")
    assert (again(lead).email_consent, again(lead).opted_out) == ("given", False)


def test_the_database_keeps_the_two_in_step(company):
    lead = company.lead()
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(opted_out=True)


def test_not_opted_out_any_more_is_unknown_and_not_given(company):
    lead = company.lead(opted_out=True)
    company.lead(lead.email, at=LATER, opted_out=False)
    assert (again(lead).email_consent, again(lead).opted_out) == ("", False)


def test_older_news_changes_nothing_and_of_one_moment_the_withdrawal_counts(company):
    lead = company.lead(at=LATER, opted_out=True)
    lead.learn({"email_consent": "given"}, now=LATER, source=company.source, observed_at=NOW)
    assert again(lead).opted_out
    lead.learn({"email_consent": "given"}, now=LATER, source=company.source, observed_at=LATER)
    assert again(lead).opted_out


def test_the_words_of_a_consent_are_kept_with_when_and_who(company):
    lead = company.lead(email_consent="given", consent_text="Write to me.", name="Lena")
    value = consents.history(lead).get()
    assert (value.value, value.words, value.source, value.observed_at) == (
        "given",
        "Write to me.",
        company.source,
        NOW,
    )
    assert FieldValue.objects.get(lead=lead, field="name").words == ""


def test_each_statement_is_kept_and_a_repeat_of_the_same_is_not(company):
    said = {"email_consent": "given"}
    lead = company.lead(**said, consent_text="Write to me.")

    def kept(at, words="Write to me.", **who):
        known = again(lead)
        changed = known.learn(said, now=at, words=words, **who or {"source": company.source})
        assert not changed and known.updated_at == again(lead).updated_at
        return consents.history(lead).count()

    assert kept(NOW + timedelta(minutes=5)) == 1  # the sender tries again
    assert kept(LATER) == 2  # the same tick on another day
    assert kept(LATER) == 2
    assert kept(LATER, "Write to me, and call.") == 3
    assert kept(LATER + timedelta(days=1), "") == 3  # what the sender knows, and says every time
    assert kept(LATER, actor=company.cast.ana) == 4
    assert kept(LATER, actor=company.cast.ana) == 4


def test_what_was_never_forbidden_is_no_statement(company):
    lead = company.lead(do_not_contact=False)
    identified(company, at=LATER, email=lead.email, do_not_contact=False)
    assert not consents.history(lead).exists()


def test_an_identify_says_it_too(company):
    identified(company, at=NOW, email="lena@acme.example", do_not_contact=True)
    assert Lead.objects.get().do_not_contact
    identified(company, at=LATER, unsubscribed=True)
    assert Lead.objects.get().opted_out


@pytest.mark.parametrize(
    ("heading", "cell", "name", "value"),
    [
        ("Unsubscribed", "yes", "email_consent", "withdrawn"),
        ("Consent to e-mail", "Opted in", "email_consent", "given"),
        ("Do not call", "x", "phone_consent", "withdrawn"),
        ("Phone consent", "withdrawn", "phone_consent", "withdrawn"),
        ("DNC", "true", "do_not_contact", True),
    ],
)
def test_a_list_says_it_by_its_columns(company, heading, cell, name, value):
    text = f"Email,{heading}\nlena@acme.example,{cell}\n"
    brought_in(text, at=NOW)
    assert getattr(Lead.objects.get(), name) == value
    assert brought_in(text, at=LATER).unchanged == 1


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"opted_out": True}, "Email,Consent to e-mail\nlena@acme.example,given\n"),
        ({"opted_out": True}, "Email,Opted out\nlena@acme.example,no\n"),
        ({"phone_consent": "withdrawn"}, "Email,Phone consent\nlena@acme.example,given\n"),
        ({"do_not_contact": True}, "Email,DNC\nlena@acme.example,no\n"),
    ],
)
def test_a_list_never_lifts_what_was_withdrawn(company, said, text):
    lead = company.lead("lena@acme.example", **said)
    done = brought_in(text, at=LATER)
    for name, value in consents.in_full(said).items():
        assert getattr(again(lead), name) == value
    assert done.unchanged == 1


def test_of_two_lines_of_a_list_the_withdrawal_counts(company):
    text = "Email,Consent to e-mail\nlena@acme.example,given\nlena@acme.example,withdrawn\n"
    brought_in(text, at=NOW)
    assert Lead.objects.get().opted_out
    assert brought_in(text, at=LATER).unchanged == 2


def test_taking_a_list_back_takes_back_what_it_withdrew(company):
    lead = company.lead("lena@acme.example", email_consent="given")
    done = brought_in("Email,Unsubscribed\nlena@acme.example,yes\n", at=LATER)
    assert again(lead).opted_out
    run(done.batch, ImportRun.Kind.UNDO, now=LATER)
    assert (again(lead).email_consent, again(lead).opted_out) == ("given", False)


def test_a_person_notes_what_they_heard(company):
    lead = company.lead()
    ana = company.cast.ana
    assert consents.note(lead, consents.NOBODY, True, by=ana, words="Stop!", now=NOW)
    assert not consents.note(lead, consents.NOBODY, True, by=ana, now=LATER)
    assert again(lead).forbidden() == {"email", "phone"}
    assert consents.note(lead, consents.NOBODY, False, by=ana, now=LATER + timedelta(minutes=1))
    told = [consents.in_words(one.field, one.value) for one in consents.history(lead)]
    assert told == ["May be contacted again", "Do not contact", "Do not contact"]
    assert lead.events.filter(kind="leads.consent_noted").count() == 2


@pytest.mark.parametrize(
    ("asked", "said", "sentence"),
    [
        (
            ("email_consent", "is", "given"),
            {"email_consent": "given"},
            "Consent to e-mail is given",
        ),
        (
            ("email_consent", "is", "withdrawn"),
            {"opted_out": True},
            "Consent to e-mail is withdrawn",
        ),
        (("phone_consent", "unknown", ""), {}, "Consent to calls is unknown"),
        (("do_not_contact", "is", "yes"), {"do_not_contact": True}, "Do not contact is yes"),
        (("opted_out", "is", "yes"), {"email_consent": "withdrawn"}, "Opted out of e-mail is yes"),
    ],
)
def test_rules_ask_for_it(company, asked, said, sentence):
    other = company.lead(phone_consent="given")
    lead = company.lead(**said)
    term = terms.parse(*asked)
    assert words.sentence_of_term(term) == sentence
    found = Lead.objects.filter(compiler.term_q(term, today=NOW.date()))
    assert lead in found and other not in found
