"""The mails that people get: one notice, or several that came together."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from leads import invitations
from leads.webhooks import link

SHOWN = 30  # notices that a digest names


def mail(deliveries):
    """Return the mail that carries these deliveries to their one recipient."""
    first = deliveries[0]
    person = first.recipient
    notices = [_notice(one) for one in deliveries]
    context = {
        "person": person,
        "notices": notices[:SHOWN],
        "more": max(0, len(notices) - SHOWN),
        "app": link("/"),
        "settings": link("/preferences/notifications/"),
    }
    if len(notices) == 1:
        name, subject = "notice", notices[0]["subject"]
        context |= notices[0]
    else:
        name, subject = "digest", f"{len(notices)} notices from Handoff"
    message = EmailMultiAlternatives(
        subject,
        render_to_string(f"emails/{name}.txt", context).strip() + "\n",
        to=[first.address],
        reply_to=_reply_to(first),
        headers={"X-Handoff-Delivery": str(first.pk)},
    )
    message.attach_alternative(render_to_string(f"emails/{name}.html", context), "text/html")
    return message


def _notice(delivery):
    payload = delivery.payload
    path = payload["url"]
    invites = delivery.event.kind == invitations.KIND
    if invites:
        path = invitations.path_for(delivery.recipient)
    known = {"subject": payload["subject"], "body": payload["body"]}
    return known | {"url": link(path), "may_choose": not invites}


def _reply_to(delivery):
    """An answer goes to the colleague who caused it, else to where REPLY_TO says."""
    actor = delivery.event.actor
    if actor is not None and actor.is_active and actor != delivery.recipient:
        return [actor.email]
    return [settings.REPLY_TO] if settings.REPLY_TO else []
