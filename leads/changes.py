"""Who changed which setting, from what to what: Django's own log of the admin, with the values.

Django names the fields that changed. Here each entry has also what they were and what they became,
in words, so that the audit can answer without a backup.
"""

import json

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry

LONGEST = 300  # characters of a value
SECRET = ("secret", "token", "password")


def with_values(told, differences):
    """Return Django's change message with what each value was before and is now."""
    values = [
        [one.what, *(_shown(one.what, value) for value in (one.saved, one.typed))]
        for one in differences
        if one.saved != one.typed
    ]
    return [*told, {"values": values}] if values else told


def note(rows, *, by, told="", values=(), is_new=False):
    """Add one entry for each of these rows, for what is changed outside the admin's forms."""
    what: list[dict] = [{"added" if is_new else "changed": {}}]
    flag = ADDITION if is_new else CHANGE
    LogEntry.objects.log_actions(by.pk, rows, flag, told or with_values(what, values))


def values_of(entry):
    """Return `[what, before, after]` for each value that an entry of the log names."""
    return [value for part in _parts(entry) for value in part.get("values", ())]


def _parts(entry):
    if not entry.change_message.startswith("["):
        return []
    try:
        return [part for part in json.loads(entry.change_message) if isinstance(part, dict)]
    except ValueError:
        return []


def _shown(what, value):
    if any(word in what.casefold() for word in SECRET):
        return "hidden"
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
