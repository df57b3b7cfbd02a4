"""What a person agreed to, channel by channel, and what they took back.

A consent is an attribute of the lead and is learned like one, by `Lead.learn` alone: its history
is the lead's FieldValues, each with who said so, when, and in which words; what is said again is
kept again where it is evidence of its own (`is_evidence`). Later news beats older. What was taken
back is given again only by somebody who may say so (a form, a sender, a person) and of a later
moment; a list and an enrichment provider never do.
"""

from datetime import UTC, timedelta

from django.db import models, transaction


class Consent(models.TextChoices):
    """Empty is unknown: nobody said anything."""

    GIVEN = "given", "Given"
    WITHDRAWN = "withdrawn", "Withdrawn"


EMAIL, PHONE, NOBODY = "email_consent", "phone_consent", "do_not_contact"
LABELS = {EMAIL: "E-mail", PHONE: "Phone", NOBODY: "Every channel"}
# What else senders and lists call it; true means taken back.
OTHER_WORDS = {"opted_out": EMAIL, "do_not_call": PHONE}


def is_withdrawn(value):
    """Whether a consent with this value forbids its channel."""
    return value in (Consent.WITHDRAWN, True)


def in_full(said):
    """Return values with `opted_out` and the like put as what they mean; a denial says nothing."""
    told = {name: value for name, value in said.items() if name not in OTHER_WORDS}
    return told | {
        name: Consent.WITHDRAWN for other, name in OTHER_WORDS.items() if said.get(other)
    }


def in_words(field, value):
    """Return one entry of the history as a short sentence."""
    if field == NOBODY:
        return "Do not contact" if value else "May be contacted again"
    return {"given": "Given", "withdrawn": "Withdrawn"}.get(value, "No longer withdrawn")


def is_evidence(lead, name, value, *, source, actor, observed_at, words):
    """Whether a statement about consent is another one than those that are kept of the lead.

    It is if another source or person makes it, or on another day (UTC) where it was asked for in
    words or a person heard it, or in other words. A sender that tries again is no new statement,
    nor is one that says what it knows with every event.
    """
    same = lead.field_values.filter(field=name, value=value, source=source, actor=actor)
    if words or actor:
        day = observed_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        same = same.filter(
            words=words, observed_at__gte=day, observed_at__lt=day + timedelta(days=1)
        )
    return not same.exists()


def history(lead):
    """Return the lead's FieldValues about consent, newest first."""
    rows = lead.field_values.filter(field__in=LABELS).select_related("source", "actor")
    return rows.order_by("-observed_at", "-pk")


@transaction.atomic
def note(lead, name, value, *, by, now, words="", observed_at=None):
    """Keep what a person heard from the lead; return whether it changed anything."""
    held = type(lead).objects.select_for_update(no_key=True).get(pk=lead.pk)
    changed = held.learn(
        {name: value}, now=now, actor=by, words=words, observed_at=observed_at or now
    )
    if changed:
        held.record("leads.consent_noted", now=now, by=by, consent=name, value=value)
        held.ask_for_score()
    return bool(changed)
