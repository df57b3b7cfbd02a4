"""The brief on a lead's page: what marketing's plays say, and the deed that each rests on."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from conftest import NOW, segment
from handoff_project.portal.brief import brief_of
from handoff_project.tests.portal.conftest import text
from leads.models import Play, Signal


@pytest.fixture
def plays(company, signals):
    """A play on the signal that the lead showed, one on a segment that it is in, one on neither."""
    large = segment("Large", ("all", "company.employees", "at_least", "100"))
    said = {
        "opener": "You asked for a demo.",
        "need": "Why now?",
        "content": "Plans",
        "position": 1,
    }
    Play.objects.create(name="Demo", signal=signals.demo, **said)
    said = {"opener": "You are large.", "need": "Not asked", "process": "Who signs?", "position": 2}
    Play.objects.create(name="Large", segment=large, next_step="A first call", **said)
    Play.objects.create(name="Mails", signal=signals.opened, opener="x", timeline="y", position=0)


def test_the_first_plays_that_fit_make_one_brief_and_cite_the_deed(read, company, plays):
    handoff = company.handoff()
    page = read.mark.get("portal:lead", handoff.lead_id)
    shown = text(page)
    assert "You asked for a demo. Question on need Why now? Question on the decision" in shown
    assert "Who signs? Send Plans Next step A first call Because Demo requested" in shown
    assert "You are large." not in shown and "Not asked" not in shown
    cue = page.context["brief"].cues[0]
    assert f'href="#{cue.anchor}"' in page.content.decode()
    assert f'id="{cue.anchor}"' in page.content.decode()


def test_an_old_or_switched_off_signal_speaks_for_no_play(company, plays):
    lead = company.handoff().lead
    later = NOW.date().replace(month=9)
    assert [cue.play.name for cue in brief_of(lead, today=later).cues] == ["Large"]
    Play.objects.update(is_active=False)
    assert brief_of(lead, today=NOW.date()).cues == []


def test_a_play_goes_on_with_the_new_revision_of_its_signal(plays, signals):
    signals.demo.event = "Live demo"
    signals.demo.keep(now=NOW)
    assert Play.objects.get(name="Demo").signal == Signal.objects.current().get(key="demo")


def test_a_play_has_exactly_one_cue_and_a_question(plays, signals):
    play = Play.objects.get(name="Demo")
    play.need = ""
    with pytest.raises(ValidationError, match="at least one question"):
        play.full_clean()
    with pytest.raises(IntegrityError, match="one_cue"):
        Play.objects.update(signal=None)


def test_without_a_play_the_page_says_where_to_begin(read, company):
    shown = text(read.mark.get("portal:lead", company.handoff().lead_id))
    assert "No play of marketing's fits what this lead did." in shown


@pytest.mark.parametrize(("kind", "there"), [("touchpoint", 0), ("event", 1)])
def test_the_timeline_shows_one_kind_on_request(read, company, kind, there):
    handoff = company.handoff()
    page = read.mark.get("portal:lead", handoff.lead_id, query={"timeline": kind})
    assert {entry.kind for entry in page.context["timeline"]} == {kind}
    titles = [entry.title for entry in page.context["timeline"]]
    assert titles.count("Handed over to sales") == there


def test_others_of_the_company_are_named_as_far_as_the_reader_may_see(read, company):
    mine = company.handoff_of(company.cast.ana, name="Lena Berg")
    other = company.handoff_of(company.cast.bo, name="Omar Haddad")
    cold = company.lead(name="Not Yet")
    page = read.mark.get("portal:lead", mine.lead_id)
    named = {one.pk for one in page.context["colleagues"]}
    assert {other.lead_id, cold.pk} <= named and mine.lead_id not in named
    assert "Others at Acme Not Yet" in text(page) and "Not handed over" in text(page)
    named = {one.pk for one in read.ana.get("portal:lead", mine.lead_id).context["colleagues"]}
    assert not named & {other.lead_id, cold.pk}
