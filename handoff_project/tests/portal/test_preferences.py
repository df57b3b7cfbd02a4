from handoff_project.tests.portal.conftest import text

CHOSEN = {"theme": "dark", "density": "compact", "zone": "Asia/Kathmandu"}


def test_preferences_hold_from_the_next_page_on(read, cast, offered):
    page = read.ana.post("portal:preferences", data=CHOSEN, follow=True)
    body = page.content.decode()
    assert "Preferences saved." in text(page)
    assert 'data-theme="dark" data-density="compact"' in body
    assert 'data-shortcuts="off"' in body
    assert "Accept due Wed 16:15" in text(read.ana.get("portal:queue"))  # 10:30 UTC, at +05:45


def test_what_does_not_exist_is_refused_and_changes_nothing(read, cast):
    page = read.ana.post("portal:preferences", data=CHOSEN | {"zone": "Mars/Olympus"})
    assert page.status_code == 422
    assert "<title>Error: Preferences" in page.content.decode()
    cast.ana.refresh_from_db()
    assert (cast.ana.zone, cast.ana.theme) == ("UTC", "system")


def test_nothing_else_can_be_set(read, cast):
    read.ana.post("portal:preferences", data=CHOSEN | {"is_staff": "on", "email": "x@x.example"})
    cast.ana.refresh_from_db()
    assert (cast.ana.is_staff, cast.ana.email) == (False, "ana@handoff.example")
