"""Sections whose nouns are rows with a name: `key: {name: {...}}`."""

from leads.configuration.columns import Columns
from leads.models import CustomField, NurtureTrack, Signal, Touchpoint, ValueList
from leads.versions import published


class Named:
    """Reads and writes rows that are known by one column. What the file leaves out is kept."""

    key = ""
    title = ""
    noun = ""
    identity = "key"  # the column by which a row is known
    most = 500  # rows that one file may hold
    columns: Columns

    def written(self):
        """Return what the file says of all rows, by name."""
        return {name: self.of_row(row) for name, row in sorted(self.rows().items())}

    def load(self, node, run):
        """Bring the rows that the file names to what it says of them."""
        known = self.rows()
        for name, below in run.reader.mapping(node, most=self.most).items():
            row = known.get(name) or self.columns.model(**{self.identity: name})
            before = (self.of_row(row), self.in_words(row)) if row.pk else None
            if self.load_row(row, below, run):
                self._tell(name, self.columns.model._default_manager.get(pk=row.pk), before, run)
            else:
                run.broken.add((self.key, name))

    def load_row(self, row, node, run):
        """Give the row what the node says and save it; return whether that was possible."""
        given = run.reader.keys(node, self.columns.keys, needed=self.columns.needed)
        values, unread = self.columns.read(run.reader, given)
        for column, value in values.items():
            setattr(row, column, value)
        if not run.reader.check(node, row, self.columns.places, unread=unread):
            return False
        self.save_row(row, run)
        return True

    def save_row(self, row, run):
        row.save()

    def rows(self):
        """Return `{name: row}`."""
        found = self.columns.model._default_manager.all()
        return {getattr(row, self.identity): row for row in found}

    def of_row(self, row):
        """Return what the file says of one row."""
        return self.columns.written(row)

    def in_words(self, row):
        """Return what a row is, in words."""
        return str(row)

    def notes(self, row):
        """Return sentences about what the change of a row means elsewhere."""
        return []

    def _tell(self, name, row, before, run):
        after = (self.of_row(row), self.in_words(row))
        if before is None:
            run.tell(self, "added", f"{name}: {after[1]}")
        elif before[0] == after[0]:
            run.unchanged(self)
        else:
            for said in self.changes(before, after):
                run.tell(self, "changed", f"{name}: {said}")
            for note in self.notes(row):
                run.tell(self, "note", note)

    def changes(self, before, after):
        """Return what is different between two `(what the file says, in words)`."""
        (old, _), (new, _) = before, after
        return [
            f"{key}: {self._said(old, key)}. Now: {self._said(new, key)}."
            for key in self.columns.keys
            if old.get(key) != new.get(key)
        ]

    def _said(self, written, key):
        value = written.get(key, self.columns.usual(key))
        if isinstance(value, bool):
            return "yes" if value else "no"
        return (", ".join(value) if isinstance(value, list) else value.rstrip(".")) or "nothing"


class CustomFields(Named):
    key, title = "custom_fields", "Custom fields"
    noun = "custom field"
    columns = Columns(
        CustomField,
        {
            "label": "label",
            "belongs_to": "on",
            "type": "kind",
            "choices": "choices",
            "active": "is_active",
        },
        always=("belongs_to", "type"),
    )

    def in_words(self, row):
        return f"{row}, {row.get_kind_display().lower()}, of a {row.get_on_display().lower()}"


class Signals(Named):
    key, title, noun = "signals", "Signals", "signal"
    columns = Columns(
        Signal,
        {
            "name": "name",
            "description": "description",
            "kind": "kind",
            "event": "event",
            "path": "path_prefix",
            "whole_parts": "whole_parts",
            "active": "is_active",
        },
        choices={"kind": Touchpoint.Kind.choices},
    )

    def rows(self):
        return {row.key: row for row in Signal.objects.current()}

    def save_row(self, row, run):
        row.keep(now=run.now)


class NurtureTracks(Named):
    key, title, noun = "nurture_tracks", "Nurture tracks", "nurture track"
    identity = "name"
    columns = Columns(NurtureTrack, {"description": "description", "active": "is_active"})


class ValueLists(Named):
    key, title, noun = "lists", "Lists", "list"
    identity = "name"
    columns = Columns(
        ValueList, {"description": "description", "holds": "kind", "values": "values"}
    )

    def in_words(self, row):
        return f"{row}, {len(row.values)} {row.get_kind_display().lower()}"

    def notes(self, row):
        return [
            f"{version} was published with the older values of {row} and keeps them."
            for version in published()
            if row.differs_in(version.compiled)
        ]
