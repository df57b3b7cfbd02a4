"""Endpoints, without what would let a reader of the file post to them."""

from leads import kinds
from leads.configuration.columns import Columns
from leads.configuration.named import Named
from leads.configuration.reading import Unreadable
from leads.models import Endpoint


class Endpoints(Named):
    """Secrets that sign are no part of the file, nor is an address that is a secret itself: of an
    endpoint that is there, an address that the file leaves out is kept."""

    key, title, noun = "endpoints", "Endpoints", "endpoint"
    identity = "name"
    columns = Columns(
        Endpoint,
        {
            "sends": "shape",
            "address": "url",
            "events": "event_types",
            "description": "description",
            "active": "is_active",
        },
        always=("sends", "events"),
    )
    needed = ("events",)

    def of_row(self, row):
        found = super().of_row(row)
        if row.has_secret_address():
            del found["address"]
        return found

    def fill(self, row, given, run):
        address, was_active = row.url, row.is_active
        unread = super().fill(row, given, run)
        row.turned = bool(row.pk) and row.is_active != was_active
        row.moved = bool(row.pk) and "address" in given and row.url != address
        if "address" not in given and row.pk:
            row.url = address
            unread.discard("url")
        return unread

    def more_is_right(self, row, node, given, run):
        if not row.pk and "address" not in given:
            run.reader.complain(node, "A new endpoint needs its 'address': add it to the file.")
            return False
        return self._events_are_right(given, run)

    def _events_are_right(self, given, run):
        right = True
        for one in run.reader.rows(given["events"]) if "events" in given else ():
            try:
                run.reader.one_of(one, sorted(kinds.event_types))
            except Unreadable:
                right = False
        return right

    def save_row(self, row, run):
        if row.moved and row.has_secret_address():
            run.tell(self, "changed", f"{row}: address: another one, which is not shown.")
        if row.turned:
            row.turn(by=run.by or "an import")
        else:
            row.save()

    def in_words(self, row):
        switched = "" if row.is_active else ", switched off"
        return f"{row}, {row.get_shape_display().lower()}{switched}"

    def odd(self, row, *, today):
        if row.shape == row.Shape.SIGNED and not row.secrets.exists():
            return [f"{row} has no secret yet: issue one on its page in the admin."]
        return []
