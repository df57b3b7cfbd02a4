"""The names that the events of a batch carry, and whose they are."""

import json

from django.db import connection

from leads.intake.addresses import normal_email
from leads.intake.people import Seen, readable_email
from leads.models import Identity

KIND = Identity.Kind
# Those that are new are made before the others are locked, so that two of us never wait for each
# other: who waits for a name to be made holds no lock that its maker still wants.
_MADE = """
    WITH said AS MATERIALIZED (
        SELECT one->>0 AS kind, one->>1 AS value FROM json_array_elements(%s::json) AS given (one)
    ),
    made AS (
        INSERT INTO leads_identity (kind, value, traits, created_at)
        SELECT kind, value, '{}', now() FROM said WHERE NOT EXISTS (
            SELECT FROM leads_identity AS i WHERE i.kind = said.kind AND i.value = said.value
        ) ORDER BY kind, value ON CONFLICT DO NOTHING RETURNING id, kind, value, lead_id
    )
"""
_SHARED = f"""
    {_MADE}, found AS MATERIALIZED (
        SELECT i.id, i.kind, i.value, i.lead_id FROM leads_identity AS i
        JOIN said USING (kind, value) ORDER BY i.kind, i.value FOR SHARE OF i
    )
    SELECT * FROM made UNION ALL SELECT * FROM found
"""


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
        if any(map(_says_who, events)):
            _run(f"{_MADE} SELECT FROM made", wanted)
            self._found = _locked(wanted, events)
        else:
            rows = _run(_SHARED, wanted)
            self._found = {(kind, value): Seen(pk, lead) for pk, kind, value, lead in rows}
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


def _run(sql, wanted):
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(wanted)])
        return cursor.fetchall()


def _locked(wanted, events):
    # An id that is taken over may be a user's, if it ever was; it is not made one by that.
    asked = set(wanted) | {(str(KIND.USER), event.previous_id) for event in events}
    found = (
        Identity.objects.filter(value__in={value for _, value in asked})
        .order_by("kind", "value")
        .select_for_update(of=("self",))
    )
    return {(one.kind, one.value): one for one in found if (one.kind, one.value) in asked}
