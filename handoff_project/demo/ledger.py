"""Writes many rows of many models at once, with PostgreSQL's COPY."""

from collections import defaultdict

from django.db import connection
from django.db.models import AutoField, JSONField
from psycopg.types.json import Jsonb

BLOCK = 500  # ids that are taken from a sequence at once


class Ledger:
    """Collects model instances, which have their primary keys at once, until `store` copies them.

    Columns that Django would fill with the current time get `now`.
    """

    def __init__(self, *, now):
        self.now = now
        self._rows = defaultdict(list)
        self._ids = {}
        self._auto = {}

    def new(self, model, **values):
        """Return a new instance of the model, to be stored later."""
        return self.add(model(**values))

    def add(self, row):
        """Take an instance to be stored later, give it its id, and return it."""
        model = type(row)
        if model not in self._auto:
            self._auto[model] = [
                field.attname
                for field in model._meta.concrete_fields
                if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
            ]
            if isinstance(model._meta.pk, AutoField):
                self._ids[model] = _ids_of(model)
        for name in self._auto[model]:
            setattr(row, name, self.now)
        if model in self._ids:
            row.pk = next(self._ids[model])
        self._rows[model].append(row)
        return row

    def store(self):
        """Copy everything collected into the database; return how many rows there were."""
        stored = 0
        for model, rows in self._rows.items():
            _copy(model, rows)
            stored += len(rows)
        self._rows.clear()
        return stored


def _ids_of(model):
    table, column = model._meta.db_table, model._meta.pk.column
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, column, BLOCK],
            )
            found = cursor.fetchall()
        yield from (row[0] for row in found)


def _copy(model, rows):
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    names = [field.attname for field in fields]
    wrapped = [index for index, field in enumerate(fields) if isinstance(field, JSONField)]
    statement = f"COPY {model._meta.db_table} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = [row.__dict__[name] for name in names]
            for index in wrapped:
                values[index] = None if values[index] is None else Jsonb(values[index])
            copy.write_row(values)
