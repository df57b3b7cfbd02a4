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


CHOICES = "portal:notification-preferences"


def choose(**changed):
    """The form of preferences as a browser sends it for a rep, with these changes."""
    topics = ("routed", "moved", "stays", "question", "sql", "outcome", "due", "late")
    sent = {f"{topic}_in_app": "on" for topic in topics}
    sent |= {f"{topic}_email": "now" for topic in topics}
    return {**sent, "digest_at": "08:00", "late_at_night": "on"} | changed


def test_a_person_chooses_how_they_are_told_of_each_event(read):
    page = text(read.ana.get(CHOICES))
    assert "A new lead is yours" in page and "Sales rejected a lead" not in page
    read.ana.post(
        CHOICES, data=choose(moved_email="digest", quiet_from="19:00", quiet_until="07:00")
    )
    page = read.ana.get(CHOICES).content.decode()
    assert 'value="19:00"' in page and '<option value="digest" selected>' in page


def test_half_of_the_quiet_hours_is_refused_at_its_field(read):
    response = read.ana.post(CHOICES, data=choose(quiet_from="19:00"))
    assert response.status_code == 422
    assert "Give both times, or neither." in text(response)
    same = read.ana.post(CHOICES, data=choose(quiet_from="19:00", quiet_until="19:00"))
    assert "none." in text(same)


def test_the_bell_is_drawn_again_only_when_its_count_changes(read, offered):
    unread = Delivery.objects.visible_to(offered.owner.user).unread().count()
    assert read.ana.get("portal:bell", query={"shown": unread}).status_code == 204
    assert f"{unread} unread" in text(read.ana.get("portal:bell", query={"shown": unread + 1}))
