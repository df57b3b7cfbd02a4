import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Cadence, FollowUp, Refused, Touch

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def accepted(company, offered):
    offered.accept(by=company.cast.ana, now=NOW)
    return offered


@pytest.fixture
def cadence(db):
    made = Cadence.objects.create(name="Three mails and a call")
    for hours, kind in ((1, "email"), (3, "call")):
        made.steps.create(hours=hours, kind=kind, text=f"Say this after {hours} h")
    return made


def plan(handoff, by, **said):
    return FollowUp.objects.plan(handoff, by=by, now=NOW, **{"kind": "email"} | said)


def done(**said):
    return {"channel": "email", "outcome": "sent", "nonce": uuid4(), **said}


def counts(page):
    words = text(page)
    names = ("Overdue", "Today", "This week", "Later", "Done")
    return [int(words.split(f"{name} ")[1].split()[0]) for name in names]


def test_each_follow_up_is_on_one_list_by_its_deadline(read, company, accepted, at):
    ana = company.cast.ana
    for due in (HOUR, 3 * HOUR, 30 * HOUR, 3 * DAY, 9 * DAY):
        plan(accepted, ana, due_at=NOW + due)
    at(NOW + 2 * HOUR)
    page = read.ana.get("portal:follow-ups")
    # The first contact was due after an hour, too.
    assert counts(page) == [2, 1, 2, 1, 0]
    assert "Late 1 h" in text(page)
    later = text(read.ana.get("portal:follow-ups", query={"show": "later"}))
    assert "Lena Berg Acme E-mail" in later and "Planned by Ana Ruiz" in later


def test_where_nothing_is_planned_the_page_says_what_to_do(read, company):
    page = text(read.bo.get("portal:follow-ups"))
    assert "Nothing more is due today." in page and "Go to your queue" in page


def test_one_click_logs_the_touch_and_says_what_comes_next(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR)
    plan(accepted, company.cast.ana, kind="call", due_at=NOW + DAY)
    told = read.ana.post("portal:follow-up-done", made.pk, data=done(), follow=True)
    assert "Touch logged. First touch: met in <1 min. Next: call, Thu 5 Mar 10:00." in text(told)
    assert Touch.objects.get().channel == "email"
    assert counts(read.ana.get("portal:follow-ups"))[-1] == 2
    listed = text(read.ana.get("portal:follow-ups", query={"show": "done"}))
    assert "Sent" in listed


def test_the_same_form_twice_logs_one_touch(read, company, accepted):
    made, form = plan(accepted, company.cast.ana, due_at=NOW + HOUR), done()
    for _ in range(2):
        told = read.ana.post("portal:follow-up-done", made.pk, data=form, follow=True)
        assert "Touch logged." in text(told)
    assert Touch.objects.count() == 1


def test_another_form_for_what_is_done_says_who_did_it(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR)
    read.ana.post("portal:follow-up-done", made.pk, data=done())
    told = read.ana.post("portal:follow-up-done", made.pk, data=done(), follow=True)
    assert "Ana Ruiz did this already: sent." in text(told)
    assert Touch.objects.count() == 1


def test_done_asks_how_it_went(read, company, accepted):
    made = plan(accepted, company.cast.ana, kind="call", due_at=NOW + HOUR)
    said = read.ana.post("portal:follow-up-done", made.pk, data=done(channel="call", outcome=""))
    assert said.status_code == 422 and FollowUp.objects.get(pk=made.pk).is_open


def test_a_lead_that_wants_no_mails_is_asked_about_first(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR)
    said = {"said": "email_consent:withdrawn", "words": "No mails."}
    read.ana.post("portal:consents", accepted.lead_id, data=said)
    said = read.ana.post("portal:follow-up-done", made.pk, data=done())
    assert said.status_code == 422 and "They do not want to be reached this way" in text(said)


def test_a_touch_offers_the_next_step_in_the_same_form(read, company, accepted):
    step = {"next_kind": "call", "next_when": "2026-03-06T09:30", "next_note": "Budget?"}
    form = done(**step)
    for _ in range(2):
        read.ana.post("portal:touches", accepted.pk, data=form)
    made = FollowUp.objects.get(kind="call")
    assert (made.due_at, made.note) == (NOW + 2 * DAY - HOUR / 2, "Budget?")
    assert made.cause == "Next step"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"next_kind": "call", "next_when": "2026-03-03T09:30"}, "lies in the future"),
        ({"next_kind": "call", "next_when": "2026-09-03T09:30"}, "the policy allows"),
        ({"next_note": "Budget?"}, "Say what the next step is"),
    ],
)
def test_without_its_next_step_the_touch_is_not_logged(read, company, accepted, step, words):
    said = read.ana.post("portal:touches", accepted.pk, data=done(**step))
    assert said.status_code == 422 and words in text(said)
    assert not Touch.objects.exists()


def test_put_off_needs_a_reason_and_a_time_that_can_be(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR)
    for data, words in (
        ({"due_at": "2026-03-05T09:30", "reason": ""}, "Say why."),
        ({"due_at": "2026-03-01T09:30", "reason": "Ill"}, "lies in the future"),
        ({"due_at": "2027-03-01T09:30", "reason": "Ill"}, "the policy allows follow-ups until"),
    ):
        said = read.ana.post("portal:follow-up-time", made.pk, data=data)
        assert said.status_code == 422 and words in text(said)
    data = {"due_at": "2026-03-05T09:30", "reason": "They are ill"}
    told = read.ana.post("portal:follow-up-time", made.pk, data=data, follow=True)
    assert "Lena Berg: e-mail is due Thu 5 Mar 09:30." in text(told)
    assert "Put off: They are ill" in text(told)


def test_cancelled_it_is_off_the_list_and_stays_in_the_timeline(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR)
    data = {"reason": "They signed elsewhere"}
    told = read.ana.post("portal:follow-up-cancel", made.pk, data=data, follow=True)
    assert "No longer planned: e-mail" in text(told) and "They signed elsewhere" in text(told)
    assert not accepted.follow_ups.open().filter(kind="email").exists()


def test_the_first_contact_is_made_by_logging_a_touch(read, company, accepted):
    first = accepted.follow_ups.get()
    page = text(read.ana.get("portal:follow-ups"))
    assert "First contact" in page and "Another time" not in page
    form = done(channel="call", outcome="voicemail")
    read.ana.post("portal:follow-up-done", first.pk, data=form)
    first.refresh_from_db()
    assert first.state == "done" and first.touch == Touch.objects.get()


def test_a_lead_has_its_follow_ups_and_a_form_for_more(read, company, accepted):
    data = {"kind": "meeting", "due_at": "2026-03-06T09:30", "note": "Bring the figures"}
    told = read.ana.post("portal:follow-up-new", accepted.pk, data=data, follow=True)
    assert "Planned: meeting, Fri 6 Mar 09:30." in text(told)
    assert "Bring the figures" in text(told) and "Planned: meeting" in text(told)


def test_one_click_starts_a_cadence(read, company, accepted, cadence):
    assert f"Start: {cadence}" in text(read.ana.get("portal:lead", accepted.lead_id))
    data = {"cadence": cadence.pk}
    told = read.ana.post("portal:cadences", accepted.pk, data=data, follow=True)
    assert "Three mails and a call is started: 2 follow-ups are planned." in text(told)
    assert f"Start: {cadence}" not in text(told) and "step 2 of 2" in text(told)
    told = read.ana.post("portal:cadences", accepted.pk, data=data, follow=True)
    assert "runs on this lead already" in text(told)


def test_a_manager_sees_their_reps_and_changes_what_is_planned(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR, note="Mention the trial")
    page = text(read.tess.get("portal:follow-ups"))
    assert "Mention the trial" in page and "Ana Ruiz" in page and "Reassign" in page
    assert "How did it go?" not in page
    bo = {"rep": company.cast.bo.rep.pk}
    assert "Mention the trial" not in text(read.tess.get("portal:follow-ups", query=bo))
    data = {"due_at": "2026-03-05T09:30", "reason": "She is at the fair"}
    read.tess.post("portal:follow-up-time", made.pk, data=data)
    made.refresh_from_db()
    assert made.due_at == NOW + DAY - HOUR / 2


def test_a_colleague_sees_nothing_of_it(read, company, accepted):
    made = plan(accepted, company.cast.ana, due_at=NOW + HOUR)
    ana = {"rep": company.cast.ana.rep.pk}
    assert counts(read.bo.get("portal:follow-ups", query=ana)) == [0, 0, 0, 0, 0]
    for route in ("follow-up-done", "follow-up-time", "follow-up-cancel"):
        assert read.bo.get(f"portal:{route}", made.pk).status_code == 404
    assert read.mark.get("portal:follow-ups").status_code == 404


def test_the_list_asks_the_same_whatever_its_length(
    read, company, accepted, django_assert_max_num_queries
):
    for hours in range(1, 4):
        plan(accepted, company.cast.ana, due_at=NOW + hours * HOUR)
    with django_assert_max_num_queries(20) as few:
        read.ana.get("portal:follow-ups")
    for hours in range(1, 4):
        plan(accepted, company.cast.ana, due_at=NOW + hours * HOUR)
    with django_assert_max_num_queries(len(few)):
        read.ana.get("portal:follow-ups")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_who_are_done_at_once_one_wins(company):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    made = plan(offer, company.cast.ana, due_at=NOW + HOUR)
    gate, answers = threading.Barrier(2), []

    def complete():
        mine = FollowUp.objects.get(pk=made.pk)
        gate.wait()
        try:
            mine.complete(by=company.cast.ana, outcome="sent", now=NOW + HOUR)
            answers.append("done")
        except Refused as error:
            answers.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=complete) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["Ana Ruiz did this already: sent.", "done"]
    assert Touch.objects.count() == 1
