"""Work next on the screen."""

from handoff_project.tests.portal.conftest import text
from routing.models import Skip


def test_a_rep_is_shown_a_pooled_lead_that_is_held_for_them(read, pooled):
    page = text(read.ana.get("portal:work-next"))
    assert "1 lead waits in your team's pools." in page
    page = text(read.ana.post("portal:work-next", follow=True))
    assert "Lena Berg" in page and "Held for you until" in page
    assert "Nothing to work next." in text(read.bo.get("portal:work-next"))
    page = read.ana.post("portal:accept", pooled.pk, follow=True)
    assert "Lena Berg: Accepted." in text(page)


def test_skipping_asks_why_and_shows_what_is_next(read, pooled):
    read.ana.post("portal:work-next")
    page = read.ana.post("portal:skips", pooled.pk, data={"reason": "other"})
    assert page.status_code == 422 and "this reason needs a note" in text(page)
    page = read.ana.post("portal:skips", pooled.pk, data={"reason": "language"}, follow=True)
    assert "Skipped Lena Berg for an hour." in text(page)
    assert "You skipped 1 lead in the last hour" in text(page)
    assert Skip.objects.get().reason == "language"


def test_an_offer_of_ones_own_comes_first_and_nobody_is_needed_to_hold_it(read, offered):
    page = text(read.ana.get("portal:work-next"))
    assert "Lena Berg" in page and "offered to you" in page and "Held for you" not in page


def test_only_reps_work_next(read, company):
    assert read.tess.get("portal:work-next").status_code == 404
    assert 'href="/queue/next/"' in read.ana.get("portal:queue").content.decode()
