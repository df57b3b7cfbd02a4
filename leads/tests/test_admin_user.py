"""RevOps makes people users: by invitation, within their role, and never above their own."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from leads import invitations, outbox, roles
from leads.models import Delivery, User
from leads.tests.pages import fields

ADD = "admin:leads_user_add"


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root@handoff.example", "an even longer password")


def change(user):
    return reverse("admin:leads_user_change", args=[user.pk])


def role(name):
    return str(Group.objects.get(name=name).pk)


def make(ren, email="nia@handoff.example", **more):
    data = fields(ren.get(reverse(ADD)))
    data |= {"email": email, "first_name": "Nia", "groups": [role(roles.REP)]} | more
    return ren.post(reverse(ADD), data, follow=True)


def relay():
    while outbox.relay(now=timezone.now()):
        pass


def log_in(client, password):
    client.post(reverse("account_login"), {"login": "nia@handoff.example", "password": password})
    return client.session.get("_auth_user_id")


def test_an_invitation_leads_from_the_admin_to_the_first_log_in(ren, client, mailoutbox):
    assert "An invitation goes to nia@handoff.example" in make(ren).content.decode()
    nia = User.objects.get(email="nia@handoff.example")
    assert not nia.has_usable_password() and nia.groups.get().name == roles.REP
    assert mailoutbox == []  # the request only wrote it down
    relay()
    (mail,) = mailoutbox
    assert mail.to == ["nia@handoff.example"] and "Ren Sato made you an account" in mail.body
    link = re.search(r"http://[^/\s]+(/\S+)", mail.body)[1]
    client.logout()
    assert log_in(client, "") is None
    page = client.get(link, follow=True)
    new = {"password1": "a good long secret", "password2": "a good long secret"}
    client.post(page.request["PATH_INFO"], new)
    client.logout()
    assert log_in(client, "a good long secret") == str(nia.pk)
    client.logout()
    assert client.get(link).context["token_fail"]  # it worked once


def test_the_outbox_holds_no_key_to_an_account(ren, mailoutbox):
    make(ren)
    waiting = Delivery.objects.get(event__kind="leads.invited")
    assert waiting.payload["url"] == reverse("account_reset_password")
    relay()
    waiting.refresh_from_db()
    assert "/password/reset/key/" in mailoutbox[0].body
    assert "/password/reset/key/" not in str(waiting.payload)


def test_an_invitation_can_be_sent_again(ren, cast, root, mailoutbox):
    url = reverse("admin:leads_user_changelist")
    ren.post(url, {"action": "invite_again", "_selected_action": [cast.ana.pk, root.pk]})
    relay()
    assert [mail.to for mail in mailoutbox] == [[cast.ana.email]]  # and not to who is above Ren


def test_who_is_deactivated_can_no_longer_log_in_and_gets_no_invitation(ren, client, mailoutbox):
    make(ren)
    nia = User.objects.get(email="nia@handoff.example")
    nia.set_password("a good long secret")
    nia.save()
    url = reverse("admin:leads_user_changelist")
    ren.post(url, {"action": "deactivate", "_selected_action": [nia.pk]})
    relay()
    assert mailoutbox == []
    client.logout()
    assert log_in(client, "a good long secret") is None


def test_nobody_is_deleted(ren, cast):
    assert ren.post(reverse("admin:leads_user_delete", args=[cast.bo.pk])).status_code == 403


def test_revops_cannot_make_a_superuser(ren, cast):
    above = {"is_superuser": "on", "is_staff": "on", "user_permissions": ["1"]}
    make(ren, **above)
    nia = User.objects.get(email="nia@handoff.example")
    ren.post(change(cast.ana), fields(ren.get(change(cast.ana))) | above)
    cast.ana.refresh_from_db()
    for user in (nia, cast.ana):
        assert not (user.is_superuser or user.is_staff or user.user_permissions.exists())


def test_revops_cannot_touch_a_superuser(ren, root):
    assert ren.get(change(root)).status_code == 200
    data = {"email": "ren@handoff.example", "zone": "UTC"}
    assert ren.post(change(root), data).status_code == 403
    url = reverse("admin:leads_user_changelist")
    ren.post(url, {"action": "deactivate", "_selected_action": [root.pk]})
    root.refresh_from_db()
    assert root.is_active and root.email == "root@handoff.example"


def test_nobody_changes_their_own_role_or_locks_themselves_out(ren, cast):
    data = fields(ren.get(change(cast.ren))) | {"groups": [role(roles.MANAGER)], "last_name": "S"}
    ren.post(change(cast.ren), data)
    url = reverse("admin:leads_user_changelist")
    ren.post(url, {"action": "deactivate", "_selected_action": [cast.ren.pk]})
    cast.ren.refresh_from_db()
    assert cast.ren.last_name == "S" and cast.ren.is_active
    assert cast.ren.groups.get().name == roles.REVOPS


def test_groups_that_are_no_roles_are_neither_given_nor_taken(ren, cast):
    auditors = Group.objects.create(name="Auditors")
    auditors.permissions.add(Permission.objects.get(codename="view_every_lead"))
    cast.bo.groups.add(auditors)
    data = fields(ren.get(change(cast.bo))) | {"groups": [role(roles.TEAM_LEAD)]}
    ren.post(change(cast.bo), data)
    assert set(cast.bo.groups.values_list("name", flat=True)) == {"Auditors", roles.TEAM_LEAD}
    refused = ren.post(change(cast.ana), data | {"groups": [str(auditors.pk)]})
    assert "groups" in refused.context["adminform"].form.errors


def test_an_address_that_is_no_longer_theirs_opens_nothing(ren, client, cast):
    invitations.path_for(cast.ana)  # from here on allauth knows the old address too
    data = fields(ren.get(change(cast.ana))) | {"email": "Ana.New@handoff.example"}
    ren.post(change(cast.ana), data)
    client.logout()
    for address, opens in (("ana@handoff.example", False), ("ana.new@handoff.example", True)):
        entered = {"login": address, "password": "correct horse battery"}
        client.post(reverse("account_login"), entered)
        assert ("_auth_user_id" in client.session) is opens


def test_two_people_cannot_share_an_address(ren, cast):
    page = make(ren, email="ANA@handoff.example")
    assert "email" in page.context["adminform"].form.errors
