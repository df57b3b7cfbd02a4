"""Invitations: how somebody whom RevOps made a user gets to choose a password."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from leads.models import Delivery, Event

KIND = "leads.invited"


@transaction.atomic
def invite(user, *, by, now):
    """Put a mail into the outbox that lets `user` choose a password; return its Delivery.

    The mail's link is made when it is sent (see `path_for`). So the outbox never holds a key to
    an account, and a mail that was delayed or is sent again has a link that still works.
    """
    event = Event.objects.create(kind=KIND, actor=by, data={"user": user.pk}, happened_at=now)
    return Delivery.objects.create(
        event=event,
        channel=Delivery.Channel.EMAIL,
        recipient=user,
        address=user.email,
        available_at=now,
        payload={
            "subject": "Your account for Handoff",
            "body": render_to_string("emails/invitation.txt", {"user": user, "by": by}).strip(),
            "url": reverse("account_reset_password"),
        },
    )


def withdraw(users):
    """Cancel the invitations of these users that were not sent yet."""
    waiting = Delivery.objects.filter(event__kind=KIND, state=Delivery.State.PENDING)
    waiting.filter(recipient__in=users).update(state=Delivery.State.CANCELLED)


def path_for(user):
    """Return the path at which `user` sets a password: for PASSWORD_RESET_TIMEOUT, and once."""
    return reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
