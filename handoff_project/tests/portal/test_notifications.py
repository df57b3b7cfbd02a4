from handoff_project.tests.portal.conftest import text
from leads.models import Delivery


def test_the_bell_counts_what_is_unread_and_reading_clears_it(read, offered):
    unread = Delivery.objects.visible_to(offered.owner.user).unread().count()
    assert f"Notifications {unread} unread" in text(read.ana.get("portal:queue"))
    page = read.ana.post("portal:notifications-reading", follow=True)
    assert "Notifications: nothing new" in text(page)
    assert "New lead: Lena Berg of Acme" in text(page)


def test_reading_leaves_other_peoples_notices_alone(read, offered):
    read.bo.post("portal:notifications-reading")
    assert Delivery.objects.visible_to(offered.owner.user).unread().exists()


def test_a_notice_links_to_its_lead(read, offered):
    assert (
        f'href="/leads/{offered.lead_id}/"' in read.ana.get("portal:notifications").content.decode()
    )


def test_a_notice_of_a_lead_that_moved_on_is_grey_and_says_so(read, offered, cast):
    offered.owner = cast.bo.rep
    offered.save(update_fields=["owner"])
    page = read.ana.get("portal:notifications")
    assert "This lead is no longer with you." in text(page)
    assert f'href="/leads/{offered.lead_id}/"' not in page.content.decode()


def test_nobody_reads_anothers_notices(read, offered):
    assert "Lena Berg" not in text(read.carl.get("portal:notifications"))
    assert "Nothing to tell you yet." in text(read.carl.get("portal:notifications"))


def test_reading_wants_a_form(read, offered):
    assert read.ana.get("portal:notifications-reading").status_code == 405
