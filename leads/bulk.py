"""Adds and changes many rows in one statement, without an expression for each value."""

import json

from django.db import connection

_GIVEN = "jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS given (one, nth)"


def add(model, names, rows, *, passing_over=False, **same):
    """Insert one row of the model for each list in `rows`, which has the values of `names`.

    `same` are the values that all of them share; every other column gets its default. Values in
    `rows` are what JSON knows (numbers, text, truth, None, lists, objects), and times. With
    `passing_over`, rows that a constraint denies are left out.
    """
    rows = list(rows)
    if not rows:
        return
    fields = _fields(model)
    given = dict(same)
    for name, field in fields.items():
        if name not in names and name not in given and not _counts_itself(field):
            given[name] = field.get_default()
    columns = [fields[name].column for name in (*names, *given)]
    values = [fields[name].get_db_prep_save(value, connection) for name, value in given.items()]
    read = [_read(number, fields[name]) for number, name in enumerate(names)]
    with connection.cursor() as cursor:
        # One text is far quicker to make and to send than an array for each column.
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
            f"SELECT {', '.join([*read, *['%s'] * len(values)])} FROM {_GIVEN} "
            f"ORDER BY nth {'ON CONFLICT DO NOTHING' if passing_over else ''}",
            [*values, _text(rows)],
        )


def copy(model, names, rows):
    """Insert one row of the model for each tuple in `rows` by COPY, the quickest way there is.

    Columns that are not named must have a default in the database. Values of a JSONField are
    given as JSON text, those of other fields as Python knows them.
    """
    columns = ", ".join(_fields(model)[name].column for name in names)
    sql = f"COPY {model._meta.db_table} ({columns}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as into:
        for row in rows:
            into.write_row(row)


def reserve(model, count):
    """Return so many ids for rows of the model that are yet to be stored, in order."""
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [table, key, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def store_new(rows):
    """Insert objects that are not stored yet, in their order; each gets its id."""
    rows = list(rows)
    if not rows:
        return
    model = type(rows[0])
    names = [field.attname for field in model._meta.concrete_fields]
    for row, pk in zip(rows, reserve(model, len(rows)), strict=True):
        row.pk = pk
    add(model, names, ([getattr(row, name) for name in names] for row in rows))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def change(model, names, rows, **same):
    """Update the stored rows of the model, given as lists: the id, then the values of `names`.

    Values are as for `add`.
    """
    rows = list(rows)
    if not rows:
        return
    fields = _fields(model)
    sets = [
        f"{fields[name].column} = {_read(number, fields[name])}"
        for number, name in enumerate(names, 1)
    ]
    values = [fields[name].get_db_prep_save(value, connection) for name, value in same.items()]
    sets += [f"{fields[name].column} = %s" for name in same]
    table, key = model._meta.db_table, model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {', '.join(sets)} FROM {_GIVEN} "
            f"WHERE {table}.{key.column} = {_read(0, key)}",
            [*values, _text(rows)],
        )


def _text(rows):
    """The rows as JSON, with times as ISO 8601."""
    return json.dumps(rows, default=lambda value: value.isoformat())


def _fields(model):
    return {field.attname: field for field in model._meta.concrete_fields}


def _counts_itself(field):
    return field.primary_key and field.get_internal_type().endswith("AutoField")


def _read(number, field):
    """The SQL for one value of a row that was given."""
    if field.get_internal_type() == "JSONField":
        return f"NULLIF(one->{number}, 'null')"
    if field.get_internal_type() == "ArrayField":
        return f"ARRAY(SELECT jsonb_array_elements_text(one->{number}))"
    return f"(one->>{number})::{field.rel_db_type(connection)}"
