"""Sections written as one file, and one file taken over by sections.

A section has a `key`, a `title`, `written()` and `load(node, run)`; one to which others refer also
has a `noun` and `rows()`. An app above has sections of its own in its `configuration` package, and
the command `config` puts all of them together.
"""

from django.db import transaction

from leads.conditions import registry
from leads.configuration import document, writing
from leads.configuration.document import Invalid
from leads.configuration.reading import Reader, Unreadable
from leads.models import Event
from leads.text import hint

VERSION = 1  # of the file's format


def export(sections):
    """Return the text of a file with everything that the sections hold."""
    with registry.read_once():
        written = {section.key: section.written() for section in sections}
    filled = {key: data for key, data in written.items() if data}
    return writing.text_of({"version": VERSION, **filled})


class Run:
    """One file on its way in: its problems, and what it changed, section by section.

    `by` is who takes it over and `now` when, `draft` the version that it made, `broken` what it
    names but does not describe rightly, as `(section, name)`: whatever refers to it is not a
    problem of its own.
    """

    def __init__(self, sections, *, by, now):
        self.reader, self.by, self.now, self.draft = Reader(), by, now, None
        self.broken: set[tuple[str, str]] = set()
        self.said: dict[str, list[tuple[str, str]]] = {}
        self.same: dict[str, int] = {}
        self._sections = {section.key: section for section in sections}
        self._rows: dict[str, dict] = {}

    def tell(self, section, word, sentence):
        """Say what changes: added, changed, removed, moved; or add a note."""
        self.said.setdefault(section.key, []).append((word, sentence))

    def unchanged(self, section):
        """Count a thing that is already as the file says."""
        self.same[section.key] = self.same.get(section.key, 0) + 1

    def is_broken_field(self, key):
        """Whether the key is that of a custom field that the file does not describe rightly."""
        name = key.removeprefix(registry.CUSTOM)
        return name != key and ("custom_fields", name) in self.broken

    @property
    def changes(self):
        """How many things were changed, by section."""
        counts = {key: sum(word != "note" for word, _ in lines) for key, lines in self.said.items()}
        return {key: count for key, count in counts.items() if count}

    def find(self, key, node):
        """Return the row of a section that the node names. Raise Unreadable if there is none."""
        return self.named(key, node, self.reader.text(node))

    def named(self, key, node, name):
        """Return the row of a section with this name, or complain at the node; as `find`."""
        section = self._sections[key]
        if key not in self._rows:
            self._rows[key] = section.rows()
        if (key, name) in self.broken:
            raise Unreadable
        if name not in self._rows[key]:
            said = f"There is no {section.noun} {name!r}.{hint(name, self._rows[key])}"
            self.reader.complain(node, said)
            raise Unreadable
        return self._rows[key][name]

    def load(self, root):
        """Have each section take over its part. Raise Invalid, with every problem."""
        given = self.reader.keys(root, ("version", *self._sections), needed=["version"])
        if "version" in given and given["version"].value != VERSION:
            self.reader.complain(given["version"], f"This reads version {VERSION} only.")
        for key, section in self._sections.items():
            if key in given:
                with registry.read_once():
                    section.load(given[key], self)
        if self.reader.problems:
            raise Invalid(sorted(self.reader.problems, key=lambda problem: problem.line))


@transaction.atomic
def load(content, sections, *, by, now):
    """Take over a file's bytes, all of it or nothing, and return the Run.

    Nothing is published. Raise Invalid, with every problem that was found.
    """
    run = Run(sections, by=by, now=now)
    run.load(document.read(content))
    if run.changes:
        version = run.draft.version if run.draft else None
        Event.objects.create(
            kind="leads.configuration_imported",
            actor=by,
            data={"changes": run.changes, "version": version},
            happened_at=now,
        )
    return run
