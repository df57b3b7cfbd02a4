import re

import pytest
from django.core import mail

from conftest import PASSWORD
from handoff_project.tests.portal.conftest import Reader, text

NEW = "a much longer password"


@pytest.fixture
def visitor(cast):
    return Reader(None)


def log_in(reader, email="ana@handoff.example", password=PASSWORD, **more):
    return reader.post("account_login", data={"login": email, "password": password, **more})


def test_logging_in_leads_home_and_out_again(visitor):
    assert log_in(visitor, "ANA@handoff.example").url == "/"
    assert visitor.get("portal:home").url == "/queue/"
    assert visitor.post("account_logout").url == "/accounts/login/"
    assert visitor.get("portal:queue").url == "/accounts/login/?next=/queue/"


def test_logging_in_leads_to_what_was_wanted(visitor):
    assert log_in(visitor, next="/leads/?q=acme").url == "/leads/?q=acme"
    assert log_in(Reader(None), next="https://evil.example/").url == "/"


def test_a_wrong_password_is_told_in_a_summary(visitor):
    page = log_in(visitor, password="wrong")
    assert "There is a problem" in text(page)
    assert 'value="ana@handoff.example"' in page.content.decode()
    assert "<title>Error: Sign in" in page.content.decode()


def test_an_unknown_address_gets_the_same_answer(visitor):
    known, unknown = log_in(visitor, password="x"), log_in(visitor, "no@handoff.example")
    assert known.context["form"].errors == unknown.context["form"].errors


def test_too_many_wrong_passwords_lock_the_account(visitor, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = log_in(visitor, password="wrong")
    assert answer.status_code == 429
    assert "Too many wrong passwords" in text(answer)
    assert log_in(visitor).status_code == 429


def test_a_forgotten_password_is_replaced_by_mail(visitor, cast):
    answer = visitor.post("account_reset_password", data={"email": "ana@handoff.example"})
    assert answer.url == "/accounts/password/reset/done/"
    (letter,) = mail.outbox
    assert letter.subject == "Choose your Handoff password"
    (path,) = re.findall(r"http://testserver(/accounts/\S+)", letter.body)
    page = visitor.client.get(path, follow=True)
    assert "Choose a password" in text(page)
    form = page.redirect_chain[-1][0]
    short = visitor.client.post(form, {"password1": "short", "password2": "short"})
    assert "There is a problem" in text(short)
    done = visitor.client.post(form, {"password1": NEW, "password2": NEW}, follow=True)
    assert "Password saved" in text(done)
    assert log_in(visitor, password=NEW).url == "/"
    assert "This link no longer works" in text(Reader(None).client.get(path, follow=True))


def test_asking_for_a_stranger_tells_nothing_and_mails_nobody(visitor):
    answer = visitor.post("account_reset_password", data={"email": "no@handoff.example"})
    assert answer.url == "/accounts/password/reset/done/"
    assert mail.outbox == []
    assert "If the address belongs to an account" in text(
        visitor.get("account_reset_password_done")
    )


def test_a_password_is_changed_and_the_session_kept(read, cast):
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    page = read.ana.post("account_change_password", data=data, follow=True)
    assert page.redirect_chain[-1][0] == "/preferences/"
    assert "Your password is changed." in text(page)
    cast.ana.refresh_from_db()
    assert cast.ana.check_password(NEW)


def test_the_wrong_old_password_changes_nothing(read, cast):
    data = {"oldpassword": "x", "password1": NEW, "password2": NEW}
    assert "There is a problem" in text(read.ana.post("account_change_password", data=data))
    cast.ana.refresh_from_db()
    assert cast.ana.check_password(PASSWORD)


def test_somebody_who_left_cannot_log_in(visitor, cast):
    cast.ana.is_active = False
    cast.ana.save()
    log_in(visitor)
    assert visitor.get("portal:queue").status_code == 302


def test_nobody_signs_up(visitor):
    assert visitor.client.get("/accounts/signup/").status_code == 404
