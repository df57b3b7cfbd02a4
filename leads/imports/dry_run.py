"""Tells what an import would do, and writes nothing: not even a lock is taken."""

from hashlib import blake2b
from struct import pack, unpack_from
from typing import Any

from leads.imports.chunk import Chunk, Known
from leads.intake import companies, touchpoints
from leads.models import Campaign, Company, Identity, Lead

_ENTRY = "<HI"  # number of a name, mark of its value
_SIZE = 6  # bytes of an entry


class Memory:
    """What earlier lines of the file said, in few bytes each: nothing of it is in the database."""

    def __init__(self):
        self.called: dict[int, Any] = {}  # what tells a company apart, by the mark of its name
        self._said: dict[int, bytes] = {}
        self._names: list[str] = []

    def recall(self, key):
        """Return `{name: mark}` of what was said under this key, or None if nothing named it."""
        found = self._said.get(_mark(key, 8))
        if found is None:
            return None
        entries = (unpack_from(_ENTRY, found, at) for at in range(0, len(found), _SIZE))
        return {self._names[number]: mark for number, mark in entries}

    def keep(self, key, said):
        entries = (pack(_ENTRY, self._number(name), mark) for name, mark in said.items())
        self._said[_mark(key, 8)] = b"".join(entries)

    def _number(self, name):
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)


def _mark(value, size):
    digest = blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=size).digest()
    return int.from_bytes(digest)


class ImaginedChunk(Chunk):
    """A chunk that is only worked out; `memory` lasts for the whole file."""

    def __init__(self, lines, *, memory, observed_at, now):
        super().__init__(lines, observed_at=observed_at, now=now)
        self.memory = memory
        self._keys: dict[int, Any] = {}  # what tells a row apart, by the row
        self.people = self._people()
        self.leave_known_employers()
        self.ids = companies.ids_of({line.company_key for line in self.employed})
        self.rows = Company.objects.in_bulk(list(self.ids.values()))
        self.campaigns = {
            name: touchpoints.campaign_found(name)
            or Campaign(name=touchpoints.meant_campaign(name))
            for name in {line.campaign for line in self.good if line.campaign}
        }

    def remember(self):
        """Keep what the chunk said for the lines that follow."""
        for key, known in [*self.people.items(), *self.met.items()]:
            marks = {name: self.mark(value) for name, value in known.news.items()}
            self.memory.keep(key, known.said | marks)
        for capital, known in self._named.items():
            self.memory.called.setdefault(_mark(capital, 8), self._keys[id(known.row)])

    def _people(self):
        keys = {line.key for line in self.good}
        names = Identity.objects.filter(kind=Identity.Kind.EMAIL, value__in=keys)
        ids = dict(names.exclude(lead=None).values_list("value", "lead"))
        leads = Lead.objects.select_related("company", "campaign").in_bulk(list(ids.values()))
        found: dict[str, Known] = {}
        for line in self.good:
            if line.key not in found:
                lead = leads.get(ids.get(line.key))
                found[line.key] = self._known(line.key, lead, Lead(), line)
        return found

    def meet(self, one, pk, line):
        domain = line.company_key[0]
        return self._known(one, self.rows.get(pk), Company(domain=domain, name=domain), line)

    def recall(self, capital):
        one = self.memory.called.get(_mark(capital, 8))
        if one is None:
            return None
        if one not in self.met:
            row = Company.objects.filter(pk=one).first() if isinstance(one, int) else None
            self.met[one] = self._known(one, row, Company(), None)
        return self.met[one]

    def _known(self, key, row, new, line):
        said = self.memory.recall(key)
        is_new, number = row is None and said is None, line.number if line else 0
        known = Known(row or new, is_new, number, told=said is not None, said=said or {})
        self._keys[id(known.row)] = key
        return known

    def mark(self, value):
        """New companies and campaigns have no id yet, so they are told by what they are called."""
        if isinstance(value, Company):
            value = self._keys[id(value)]
        elif isinstance(value, Campaign):
            value = value.name.lower()
        return _mark(value, 4)
