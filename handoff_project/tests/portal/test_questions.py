"""Sales asks marketing about a lead: who is told, who answers, and that it is said once."""

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.models import Delivery
from leads.privacy.erasing import erase
from routing.models import Question, Refused

NONCE = "5b0f3a55-6a55-4c6e-9c3e-3a8f0c6a7c22"
DATA = {"text": "What did they ask at the fair?", "meeting": "on", "nonce": NONCE}


def told(person):
    return Delivery.objects.filter(recipient=person, channel="in_app", event__kind__in=KINDS)


KINDS = ("routing.marketing_asked", "routing.marketing_answered")


@pytest.fixture
def asked(offered, cast):
    return Question.objects.ask(
        offered, by=cast.ana, text="Who invited them?", now=NOW, to=cast.mark, meeting=True
    )


def test_a_rep_asks_once_and_the_marketer_who_is_meant_is_told(read, offered, cast):
    data = DATA | {"to": cast.mark.pk}
    for _ in range(2):  # a double click asks once
        page = text(read.ana.post("portal:ask", offered.pk, data=data, follow=True))
        assert "is asked. You are told of the answer." in page
    assert page.count("What did they ask at the fair?") == 2  # in its panel and the timeline
    notice = told(cast.mark).get()
    assert notice.payload["subject"].startswith("Ana Ruiz asks about Lena Berg")
    assert "first meeting" in notice.payload["body"]
    assert not told(cast.ana).exists()


def test_everybody_in_marketing_is_told_where_nobody_is_named(read, offered, cast):
    read.ana.post("portal:ask", offered.pk, data=DATA)
    assert told(cast.mark).count() == 1


def test_the_answer_reaches_who_asked_and_the_marketer_joins(read, asked, cast):
    page = read.mark.get("portal:questions")
    assert "Who invited them?" in text(page)
    answer = {"text": "Their own partner did.", "joins": "on"}
    page = text(read.mark.post("portal:answer", asked.pk, data=answer, follow=True))
    assert "Answered. Ana Ruiz is told." in page
    assert "Joins the first meeting" in page and "Their own partner did." in page
    assert told(cast.ana).get().payload["body"] == (
        f"Their own partner did. {cast.mark} joins the first meeting."
    )
    again = text(read.mark.post("portal:answer", asked.pk, data=answer, follow=True))
    assert "has answered this already." in again
    with pytest.raises(Refused, match="has answered this already"):
        asked.reply(by=cast.mark, text="No.", now=NOW)


def test_only_marketing_answers_and_only_whoever_sees_the_lead_reads(read, asked):
    assert read.ana.post("portal:answer", asked.pk, data={"text": "x"}).status_code == 403
    assert read.carl.post("portal:answer", asked.pk, data={"text": "x"}).status_code == 404
    assert "Who invited them?" not in text(read.carl.get("portal:questions"))


@pytest.mark.parametrize("data", [{"text": " "}, {"to": "0"}, {"text": "x" * 2001}])
def test_what_cannot_be_asked_is_refused_at_its_field(read, offered, data):
    assert read.ana.post("portal:ask", offered.pk, data=DATA | data).status_code == 422
    assert not Question.objects.exists()


def test_an_erasure_empties_question_and_answer(asked, cast):
    asked.reply(by=cast.mark, text="Berg herself.", now=NOW, joins=False)
    erase(asked.handoff.lead, reason="asked", by=cast.ren, now=NOW)
    asked.refresh_from_db()
    assert (asked.text, asked.answer) == ("", "")
    with pytest.raises(Refused, match="erased"):
        Question.objects.ask(asked.handoff, by=cast.ana, text="And?", now=NOW)
