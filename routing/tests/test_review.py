"""Borderline leads, and all of them where a marketer decides, wait for a person's answer."""

from datetime import timedelta

import pytest

from conftest import NOW, publish
from leads.models import AlreadyDecided, MQLDefinition, NeverPasses, Qualification, Score
from leads.scoring import scorer
from routing import router


@pytest.fixture
def agreed(company):
    """Publish a version of the definition with these columns changed."""

    def make(**columns):
        draft = MQLDefinition.draft_from_live(by=company.cast.mark)
        for name, value in columns.items():
            setattr(draft, name, value)
        draft.save()
        return publish(draft)

    return make


@pytest.fixture
def borderline(company, agreed):
    """A lead that is five points of interest short of the threshold of 20, in a band of 5."""
    agreed(borderline=5, interest_threshold=25)
    lead = company.lead(job_title="VP Sales")
    visit(company, lead)
    return lead


def visit(company, lead, *, at=NOW, url="/pricing"):
    from leads.intake import receive

    number = visit.count = getattr(visit, "count", 0) + 1
    item = {"message_id": f"r{number}", "kind": "page_view", "url": url, "email": lead.email}
    receive.receive_touchpoints([item], source=company.source, now=at)
    company.score(at=at)


def test_a_lead_just_below_the_threshold_waits_for_a_marketer(company, borderline):
    score, asked = Score.objects.get(lead=borderline), borderline.qualifications.get()
    assert (score.qualifies, score.borderline) == (False, True)
    assert (asked.state, asked.cause) == ("waiting", "borderline")
    borderline.refresh_from_db()
    assert (borderline.stage_id, borderline.handoffs.get().state) == ("lead", "review")


def test_more_than_the_band_below_nobody_is_asked(company, agreed):
    agreed(borderline=4, interest_threshold=25)
    lead = company.lead(job_title="VP Sales")
    visit(company, lead)
    assert not Score.objects.get(lead=lead).borderline
    assert not lead.qualifications.exists()


def test_what_never_passes_is_never_borderline(company, agreed):
    agreed(borderline=1000)
    lead = company.lead(employer={"name": "Rival", "domain": "rival.example", "employees": 800})
    assert not Score.objects.get(lead=lead).borderline


def test_a_confirmed_lead_is_handed_over_as_of_that_moment(company, borderline):
    later = NOW + timedelta(hours=3)
    borderline.qualifications.get().confirm(by=company.cast.mark, now=later)
    router.route_new(now=later)
    borderline.refresh_from_db()
    handoff = borderline.handoffs.get()
    assert (borderline.stage_id, handoff.state, handoff.opened_at) == ("mql", "offered", later)
    assert handoff.packet["earlier"] == []  # its own wait is no earlier handoff
    assert handoff.clocks.filter(kind="accept").exists()


def test_a_declined_lead_is_left_alone_until_the_cool_down_is_over(company, borderline):
    asked = borderline.qualifications.get()
    asked.decline(by=company.cast.mark, note="A student project.", now=NOW)
    assert borderline.handoffs.get().state == "withdrawn"
    visit(company, borderline, url="/blog")
    scorer.qualify_missed(now=NOW + timedelta(days=29))
    assert borderline.qualifications.count() == 1
    scorer.rescore_all(now=NOW + timedelta(days=29))
    visit(company, borderline, at=NOW + timedelta(days=31))
    assert list(borderline.qualifications.order_by("ordinal").values_list("state", flat=True)) == [
        "declined",
        "waiting",
    ]


def test_a_declined_borderline_lead_that_really_passes_is_handed_over_at_once(company, borderline):
    borderline.qualifications.get().decline(by=company.cast.mark, note="Early.", now=NOW)
    visit(company, borderline)
    assert borderline.handoffs.order_by("pk").last().state == "new"


def test_a_lead_that_passes_while_it_waits_needs_no_answer_any_more(company, borderline):
    visit(company, borderline)
    asked = borderline.qualifications.get()
    assert (asked.state, asked.cause, asked.actor) == ("confirmed", "threshold", None)
    assert borderline.handoffs.get().state == "new"


def test_where_a_marketer_decides_every_lead_waits(company, agreed):
    agreed(decider=MQLDefinition.Decider.MARKETER)
    lead = company.lead(job_title="VP Sales")
    visit(company, lead)
    assert (lead.handoffs.get().state, lead.stage_id) == ("review", "lead")
    scorer.qualify_missed(now=NOW)
    assert lead.qualifications.count() == 1


def test_a_fast_track_asks_nobody_where_a_marketer_decides(company, agreed):
    agreed(decider=MQLDefinition.Decider.MARKETER)
    assert company.handoff(route=False).state == "new"


def test_questions_answer_themselves_once_the_definition_decides_again(company, agreed):
    agreed(decider=MQLDefinition.Decider.MARKETER)
    lead = company.lead(job_title="VP Sales")
    visit(company, lead)
    assert lead.handoffs.get().state == "review"
    agreed(decider=MQLDefinition.Decider.AUTOMATIC)
    scorer.qualify_missed(now=NOW)
    assert lead.handoffs.get().state == "new"


def test_what_must_never_pass_by_now_cannot_be_confirmed(company, borderline):
    Score.objects.filter(lead=borderline).update(do_not_pass=True)
    with pytest.raises(NeverPasses):
        borderline.qualifications.get().confirm(by=company.cast.mark, now=NOW)
    assert borderline.handoffs.get().state == "review"


def test_of_two_answers_the_first_one_counts(company, borderline):
    asked = borderline.qualifications.get()
    again = Qualification.objects.get(pk=asked.pk)
    asked.confirm(by=company.cast.mark, now=NOW)
    with pytest.raises(AlreadyDecided, match="Mark Lind was faster"):
        again.decline(by=company.cast.mia, note="No.", now=NOW)
    assert borderline.handoffs.get().state == "new"


def test_reps_see_nothing_of_a_lead_in_review(client, company, borderline):
    for person in ("ana", "tess"):
        client.force_login(getattr(company.cast, person))
        assert client.get(f"/leads/{borderline.pk}/").status_code == 404


def test_where_a_marketer_decides_all_a_borderline_lead_that_passes_is_asked_about_as_such(
    company, agreed
):
    agreed(borderline=5, interest_threshold=25, decider="marketer")
    lead = company.lead(job_title="VP Sales")
    visit(company, lead)
    before = lead.qualifications.get()
    assert (before.state, before.cause, before.interest) == ("waiting", "borderline", 20)
    for number in range(2):
        visit(company, lead, at=NOW + timedelta(minutes=number))
    asked = lead.qualifications.get()
    assert (asked.pk, asked.state, asked.cause) == (before.pk, "waiting", "threshold")
    assert (asked.interest, asked.explanation["interest"]) == (40, 40)
    assert lead.handoffs.get().state == "review"
    causes = lead.events.filter(kind="leads.review_asked").order_by("happened_at", "pk")
    assert [event.cause for event in causes] == [
        "Just below the thresholds",
        "Reached the thresholds",
    ]
    asked.confirm(by=company.cast.mark, now=NOW + timedelta(minutes=9))
    router.route_new(now=NOW + timedelta(minutes=9))
    assert lead.handoffs.get().packet["score"]["cause"] == "Reached the thresholds"
