"""Sections whose nouns are rows with a name: `key: {name: {...}}`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from leads.configuration.columns import Columns
from leads.configuration.reading import Unreadable
from leads.models import CustomField, NurtureTrack, Signal, Touchpoint, ValueList
from leads.versions import published


@dataclass(frozen=True)
class Reference:
    """A column that points to a row of another section, which the file names.

    `section` is that section's key; `name` returns how the file calls the row.
    """

    column: str
    section: str
    needed: bool = False
    name: Callable = str

    def find(self, run, node):
        """Return the row that the node names. Raise Unreadable if there is none."""
        return run.find(self.section, node)

    def written(self, row):
        """Return how the file calls what the row points to; None for nothing."""
        pointed = getattr(row, self.column)
        return self.name(pointed) if pointed else None


def spelt(value):
    """Return a value of the file as a sentence has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(spelt, value)) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key} {spelt(one)}" for key, one in value.items()) or "nothing"
    return "nothing" if value is None else str(value).rstrip(".") or "nothing"


class Named:
    """Reads and writes rows that are known by one column. What the file leaves out is kept."""

    key = ""
    title = ""
    noun = ""
    identity = "key"  # the column by which a row is known
    most = 500  # rows that one file may hold
    columns: Columns
    references: ClassVar[
        dict[str, "Reference"]
    ] = {}  # rows of other sections that a row points to: {key: Reference}

    def written(self):
        """Return what the file says of all rows, by name."""
        return {name: self.of_row(row) for name, row in sorted(self.rows().items())}

    def load(self, node, run):
        """Bring the rows that the file names to what it says of them."""
        known = self.rows()
        for name, below in self.in_order(run.reader.mapping(node, most=self.most)).items():
            row = known.get(name) or self.new(name, below, run)
            before = (self.of_row(row), self.in_words(row)) if row.pk else None
            if self.load_row(row, below, run):
                self._tell(name, self.columns.model._default_manager.get(pk=row.pk), before, run)
            else:
                run.broken.add((self.key, name))

    def in_order(self, found):
        """Return the nodes by name in the order in which they are taken over."""
        return found

    def new(self, name, node, run):
        """Return a row of this name that is not saved yet."""
        return self.columns.model(**{self.identity: name})

    def load_row(self, row, node, run):
        """Give the row what the node says and save it; return whether that was possible."""
        given = run.reader.keys(node, self.known, needed=self.needed)
        unread = self.fill(row, given, run)
        right = run.reader.check(node, row, self.places, unread=unread)
        if not self.more_is_right(row, node, given, run) or not right:
            return False
        self.save_row(row, run)
        return True

    def fill(self, row, given, run):
        """Give the row what the nodes by key say; return the columns that could not be read."""
        values, unread = self.columns.read(run.reader, given)
        for key, reference in self.references.items():
            try:
                values[reference.column] = reference.find(run, given[key]) if key in given else None
            except Unreadable:
                unread.add(reference.column)
        unread |= {
            reference.column
            for key, reference in self.references.items()
            if reference.needed and key not in given
        }
        for column, value in values.items():
            if column not in unread:
                setattr(row, column, value)
        return unread

    @property
    def known(self):
        """The keys that a row may have."""
        return (*self.columns.keys, *self.references)

    @property
    def needed(self):
        """The keys that a row must have."""
        return [*self.columns.needed, *(k for k, one in self.references.items() if one.needed)]

    @property
    def places(self):
        """Where each column's value stands: `{column: steps}`."""
        return self.columns.places | {one.column: (k,) for k, one in self.references.items()}

    def more_is_right(self, row, node, given, run):
        """Read what is no column of the row; return whether it is right."""
        return True

    def save_row(self, row, run):
        row.save()

    def rows(self):
        """Return `{name: row}`."""
        found = self.columns.model._default_manager.all()
        return {getattr(row, self.identity): row for row in found}

    def of_row(self, row):
        """Return what the file says of one row."""
        pointed = {key: one.written(row) for key, one in self.references.items()}
        return {key: name for key, name in pointed.items() if name} | self.columns.written(row)

    def in_words(self, row):
        """Return what a row is, in words."""
        return str(row)

    def notes(self, row):
        """Return sentences about what the change of a row means elsewhere."""
        return []

    def odd(self, row, *, today):
        """Return sentences about what is strange of a row without being wrong."""
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
        if before is None or before[0] != after[0]:
            for sentence in self.odd(row, today=run.now.date()):
                run.tell(self, "note", f"Look at this again: {sentence}")

    def changes(self, before, after):
        """Return what is different between two `(what the file says, in words)`."""
        (old, _), (new, _) = before, after
        return [
            f"{key}: {self._said(old, key)}. Now: {self._said(new, key)}."
            for key in self.known
            if old.get(key) != new.get(key)
        ]

    def _said(self, written, key):
        usual = self.columns.usual(key) if key in self.columns.keys else None
        return spelt(written.get(key, usual))


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
