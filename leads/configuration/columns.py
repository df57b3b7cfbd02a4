"""The columns of a model as keys of the file, in both directions."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.configuration.reading import Unreadable
from leads.configuration.writing import Inline


@dataclass(frozen=True)
class Columns:
    """Which columns of a model a mapping of the file holds: `{key: column}`, in their order.

    What has its default is left out of the file, but for the keys of `always`; what is left out
    has its default. `choices` are the values of columns whose model does not list them.
    """

    model: type[models.Model]
    keys: dict[str, str]
    always: tuple[str, ...] = ()
    choices: dict[str, Any] = field(default_factory=dict)

    @property
    def places(self):
        """Where each column's value stands: `{column: steps}`."""
        return {column: (key,) for key, column in self.keys.items()}

    @property
    def needed(self):
        """The keys that cannot be left out."""
        return [
            key
            for key, column in self.keys.items()
            if not (self._field(column).blank or self._field(column).has_default())
        ]

    def usual(self, key):
        """Return the value of a key that is left out."""
        return self._default(self.keys[key])

    def written(self, row):
        """Return what the file says of a row."""
        values = {key: getattr(row, column) for key, column in self.keys.items()}
        return {
            key: Inline(value) if isinstance(value, list) else value
            for key, value in values.items()
            if key in self.always or value != self._default(self.keys[key])
        }

    def read(self, reader, given):
        """Return `({column: value}, columns that could not be read)` of the nodes by key."""
        values, unread = {}, {self.keys[key] for key in self.needed if key not in given}
        for key, column in self.keys.items():
            try:
                node = given.get(key)
                values[column] = (
                    self._value(reader, column, node) if node else self._default(column)
                )
            except Unreadable:
                unread.add(column)
        return values, unread

    def _field(self, column) -> Any:
        return self.model._meta.get_field(column)

    def _default(self, column):
        default = self._field(column).get_default()
        return "" if default is None and not self._field(column).null else default

    def _value(self, reader, column, node):
        asked = self._field(column)
        choices = self.choices.get(column) or asked.choices
        if choices:
            return reader.one_of(node, [value for value, _ in choices])
        if isinstance(asked, ArrayField):
            return reader.texts(node)
        if isinstance(asked, models.BooleanField):
            return reader.yes_no(node)
        if isinstance(asked, models.IntegerField):
            return reader.number(node)
        return reader.text(node)
