"""The names that the events of a batch carry, and whose they are."""

from leads.intake.addresses import normal_email
from leads.intake.people import readable_email
from leads.models import Identity

KIND = Identity.Kind


class Names:
    """The identities of a batch, made where new, and locked in a fixed order until its end."""

    def __init__(self, events):
        wanted = sorted({name for event in events for name in names_of(event)})
        Identity.objects.bulk_create(
            [Identity(kind=kind, value=value) for kind, value in wanted], ignore_conflicts=True
        )
        # An id that is taken over may be a user's, if it ever was; it is not made one by that.
        asked = set(wanted) | {(str(KIND.USER), event.previous_id) for event in events}
        found = (
            Identity.objects.filter(value__in={value for _, value in asked})
            .order_by("kind", "value")
            .select_for_update(of=("self",))
        )
        self._found = {
            (one.kind, one.value): one for one in found if (one.kind, one.value) in asked
        }

    def get(self, kind, value):
        """Return the identity of this name, or None for an empty one."""
        return self._found.get((kind, value))

    def user(self, event):
        return self.get(KIND.USER, event.user_id)

    def anonymous(self, event):
        return self.get(KIND.ANONYMOUS, event.anonymous_id)

    def email(self, event):
        return self.get(KIND.EMAIL, email_of(event))

    def person(self, event):
        """Return the identity to which what was done belongs: a user id says more than a browser.

        Several people may share a browser, so a user id that nobody has explained yet waits by
        itself, also on a browser that we know.
        """
        return self.user(event) or self.anonymous(event)

    def previous(self, event):
        """Return the identity that an alias takes over."""
        user = self.get(KIND.USER, event.previous_id)
        return user or self.get(KIND.ANONYMOUS, event.previous_id)


def email_of(event):
    """Return the normal form of the address in an identify's traits, or empty."""
    if event.type != "identify":
        return ""
    said = readable_email(event.traits.get("email"))
    return normal_email(said) if said else ""


def names_of(event):
    """Yield `(kind, value)` of every name in an event."""
    said = (
        (KIND.USER, event.user_id),
        (KIND.ANONYMOUS, event.anonymous_id),
        (KIND.EMAIL, email_of(event)),
        (KIND.ANONYMOUS, event.previous_id),
    )
    return [(str(kind), value) for kind, value in said if value]
