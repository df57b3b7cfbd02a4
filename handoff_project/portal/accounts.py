"""Log-in, log-out and passwords: allauth's views, for people who were invited."""

from allauth.account import views
from allauth.account.adapter import DefaultAccountAdapter
from django.urls import path, re_path, reverse


class InvitationOnlyAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves: RevOps makes the users."""

    def is_open_for_signup(self, request):
        return False

    def format_email_subject(self, subject):
        return subject

    def get_password_change_redirect_url(self, request):
        return reverse("portal:preferences")


# /accounts/: only what we use of allauth, so that no other of its pages exists.
urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
