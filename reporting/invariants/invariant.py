from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

EXAMPLES = 20


class Example(NamedTuple):
    """A row that breaks an invariant, and the lead concerned if there is one."""

    id: int
    lead: int | None


@dataclass(frozen=True)
class Invariant:
    """A sentence that holds for every row, and the statement that finds those for which it fails.

    `sql` yields `id` and `lead` of each such row; it may ask for `%(now)s` and `%(settled)s`, the
    moment before which the sweeps have seen everything. `of` says what the ids number.
    """

    key: str
    sentence: str
    remedy: str
    of: str
    sql: str
    is_fatal: bool = True
    is_leak: bool = False


@dataclass(frozen=True)
class Finding:
    """How many rows break an invariant, and the first of them."""

    invariant: Invariant
    count: int
    examples: list[Example]

    @property
    def holds(self):
        return not self.count

    def as_json(self):
        return {
            "key": self.invariant.key,
            "count": self.count,
            "examples": [list(example) for example in self.examples],
        }


def find(invariant, moments):
    """Return the Finding of one invariant, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found AS MATERIALIZED ({invariant.sql}) "
            "SELECT (SELECT count(*) FROM found), id, lead FROM found ORDER BY id "
            f"LIMIT {EXAMPLES}",
            moments,
        )
        rows = cursor.fetchall()
    return Finding(invariant, rows[0][0] if rows else 0, [Example(*row[1:]) for row in rows])
