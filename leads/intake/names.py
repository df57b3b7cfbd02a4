"""The names that the events of a batch carry, and whose they are."""

from django.db import connection

from leads.intake.addresses import normal_email
from leads.intake.people import Seen, readable_email
from leads.models import Identity

KIND = Identity.Kind
_MAKE = (
    "INSERT INTO leads_identity (kind, value, traits, created_at) "
    "SELECT kind, value, '{}', now() FROM unnest(%s::text[], %s::text[]) AS said (kind, value) "
    "WHERE NOT EXISTS (SELECT FROM leads_identity AS i "
    "WHERE i.kind = said.kind AND i.value = said.value) ORDER BY kind, value ON CONFLICT DO NOTHING"
)
_FOUND = (
    "SELECT i.id, i.kind, i.value, i.lead_id FROM leads_identity AS i "
    "JOIN unnest(%s::text[], %s::text[]) AS said (kind, value) USING (kind, value) "
    "ORDER BY i.kind, i.value FOR SHARE OF i"
)


class Names:
    """The identities of a batch, made where new, and locked in a fixed order until its end.

    Where nothing is said about people, the locks are shared: another batch of the same person need
    not wait, only whoever wants to give the name to somebody.
    """

    def __init__(self, events):
        while not self._lock(events):
            pass  # a name was erased while we waited for its row: it is nobody's, and made again

    def _lock(self, events):
        wanted = sorted({name for event in events for name in names_of(event)})
        _make(wanted)
        if any(map(_says_who, events)):
            self._found = _locked(wanted, events)
        else:
            self._found = _shared(wanted)
        return self._found.keys() >= set(wanted)

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
        ("user", event.user_id),
        ("anonymous", event.anonymous_id),
        ("email", email_of(event)),
        ("anonymous", event.previous_id),
    )
    return [name for name in said if name[1]]


def _says_who(event):
    """Whether an event may change whose a name is, or what is known of somebody."""
    return event.type in ("identify", "alias", "group") or (event.user_id and event.anonymous_id)


def _make(wanted):
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, _columns(wanted))


def _shared(wanted):
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, _columns(wanted))
        return {(kind, value): Seen(pk, lead) for pk, kind, value, lead in cursor.fetchall()}


def _locked(wanted, events):
    # An id that is taken over may be a user's, if it ever was; it is not made one by that.
    asked = set(wanted) | {(str(KIND.USER), event.previous_id) for event in events}
    found = (
        Identity.objects.filter(value__in={value for _, value in asked})
        .order_by("kind", "value")
        .select_for_update(of=("self",))
    )
    return {(one.kind, one.value): one for one in found if (one.kind, one.value) in asked}


def _columns(pairs):
    return [[kind for kind, _ in pairs], [value for _, value in pairs]]
