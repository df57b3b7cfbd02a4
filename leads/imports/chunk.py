"""What the lines of a chunk would change, worked out line by line before anything is written.

The first line that names a person or a company counts; a later one in the same file only adds what
is still unknown. So the same file again changes nothing, whatever it says twice.
"""

from dataclasses import dataclass, field
from typing import Any

from leads import consents
from leads.imports.lines import Line, Problem
from leads.intake import companies
from leads.models.field_value import Derived, overtaken

CREATED, UPDATED, UNCHANGED, REFUSED, BLANK = "created", "updated", "unchanged", "refused", "blank"
TWICE = "An earlier line said otherwise; that one counts."


@dataclass
class Known:
    """A person or a company that the chunk names, and what the chunk changes about them."""

    row: Any
    is_new: bool
    line: int  # the first one in this chunk that names them
    told: bool = False  # an earlier line of the file named them
    said: dict[str, int] = field(default_factory=dict)  # earlier news that the row does not show
    news: dict[str, Any] = field(default_factory=dict)

    def take(self, values, late, mark):
        """Take over what is new of a line's values; return `(taken, names said otherwise before)`.

        `late` are the (id, name) for which something later is known, and `mark` gives a short mark
        of a value, by which it is recognised in `said`.
        """
        values = self.row.as_meant(values)
        before = {name for name in values if name in self.said}
        kept = [name for name in before if self.said[name] != mark(values[name])]
        taken = {}
        for name, value in self.row.news_in(values).items():
            if name in before or (self.row.pk, name) in late or self.row.lifts(name, value):
                continue
            if isinstance(value, Derived) and value.of not in taken:
                continue
            if self.told and not self._is_open(name) and not _withdraws(name, value):
                kept.append(name)
            else:
                taken[name] = value
        self.row.take(taken)
        self.news |= taken
        self.told = True
        return taken, kept

    def _is_open(self, name):
        """Whether a value is still unknown; that something is not so is what rows begin with."""
        return self.row.known(name) in (False,) or self.row.is_gap(name)


def _withdraws(name, value):
    return name in consents.LABELS and consents.is_withdrawn(value)


class Chunk:
    """Lines that are dealt with together. Subclasses say where people and companies come from.

    They set `people`, by the lines' keys; `rows`, the stored companies by id; and `ids`, those that
    the lines name, as `companies.ids_of` finds them.
    """

    people: dict[str, Known]
    rows: dict[int, Any]
    ids: dict[tuple[str, str], int]

    def __init__(self, lines, *, observed_at, now):
        self.lines, self.observed_at, self.now = lines, observed_at, now
        self.good = [line for line in lines if not (line.refused or line.is_blank)]
        self.employed = [line for line in self.good if line.company_key]
        self.told: list[tuple[Line, Problem]] = []  # what the lines said in vain
        self.campaigns: dict[str, Any] = {}
        self.met: dict[Any, Known] = {}  # companies by what tells them apart
        self._named: dict[str, Known] = {}  # companies that have come by their name in this chunk
        self._employers: dict[int, Known] = {}
        self.capital = companies.capitals([line.company["name"] for line in self.employed])

    def leave_known_employers(self):
        """Where nothing was said of a company, an address tells the employer of those without."""
        self.employed = [line for line in self.employed if self._tells_employer(line)]

    def _tells_employer(self, line):
        known = self.people[line.key]
        return any(line.company.values()) or not (known.row.company or "company" in known.said)

    def meet(self, one, pk, line):
        """Return the company that a line is the first to name, as Known."""
        raise NotImplementedError

    def recall(self, capital):
        """Return the company that an earlier chunk gave this name and did not store, or None."""
        return None

    def mark(self, value):
        """A short mark of a value, equal for equal values."""
        return hash(value)

    def work_out(self):
        """Return how each line ends, in their order, and note what is said twice."""
        stored = [
            (line, self.rows[self.ids[line.company_key]])
            for line in self.employed
            if line.company_key in self.ids
        ]
        late = self._late(
            [
                (row, companies.learnable(row, line.company, line.company_key))
                for line, row in stored
            ]
        )
        changed = {line.number for line in self.employed if self._learn_company(line, late)}
        late = self._late([(self.people[line.key].row, self._said(line)) for line in self.good])
        ends = {line.number: self._learn_person(line, late, changed) for line in self.good}
        return [
            ends.get(line.number) or (BLANK if line.is_blank else REFUSED) for line in self.lines
        ]

    def _late(self, told):
        told = [(row, row.news_in(values)) for row, values in told if row.pk]
        return overtaken(told, self.observed_at) if told else set()

    def _learn_company(self, line, late):
        known = self._employers[line.number] = self._employer(line)
        said = companies.learnable(
            known.row, line.company, line.company_key, named="name" in known.said
        )
        learned = self._take(line, known, said, late, "company ")
        if "name" in learned:
            self._named.setdefault(self.capital[line.company["name"]], known)
        return learned

    def _employer(self, line):
        """Return the company of a line, line by line: an earlier one may have made or named it."""
        pk, (domain, name) = self.ids.get(line.company_key), line.company_key
        one = pk or domain.lower()
        if not one:
            one = self.capital[name]
            named = self._named.get(one) or self.recall(one)
            if named:
                return named
        if one not in self.met:
            self.met[one] = self.meet(one, pk, line)
        return self.met[one]

    def _learn_person(self, line, late, changed):
        known = self.people[line.key]
        is_first = known.is_new and not known.told
        learned = self._take(line, known, self._said(line), late, "")
        if is_first:
            return CREATED
        return UPDATED if learned or line.number in changed else UNCHANGED

    def _said(self, line):
        values = dict(line.person)
        if line.number in self._employers and self._tells_employer(line):
            values["company"] = self._employers[line.number].row
        if line.campaign:
            values["campaign"] = self.campaigns[line.campaign]
        return values

    def _take(self, line, known, values, late, whose):
        taken, kept = known.take(values, late, self.mark)
        self.told += [(line, Problem(f"{whose}{name}", TWICE)) for name in kept]
        return taken
