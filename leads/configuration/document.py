"""The text of a configuration file, read strictly into nodes that know where they stand.

The text is YAML without its surprises: `yes`, `no` and `on`, dates, decimals and numbers with
leading zeros are the text that was written; a key is always text. No key is given twice, and
anchors, aliases and tags are refused, so that a file means what it says and cannot grow.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from leads.text import storable

LARGEST = 2_000_000  # bytes of a file
LONGEST = 2_000  # characters of one text
DEEPEST = 10  # levels of lists and mappings within each other
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"(?:0|-?[1-9][0-9]{0,18})\Z")  # what is written back as it was read
_SIMPLE = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True)
class Node:
    """A value: None, bool, int, str, a list of nodes, or a dict of nodes by key.

    `text` is how a single value was written; `path` the keys and positions that lead to it.
    """

    value: Any
    path: tuple[str | int, ...]
    line: int
    text: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of the file."""

    path: tuple[str | int, ...]
    line: int
    message: str

    def __str__(self):
        return f"{place(self.path)}: {self.message} (line {self.line})"


class Invalid(Exception):
    """The file cannot be taken over; `problems` are all that were found."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def place(path):
    """Return a path as people read it: `segments["ICP"].all[0].field`."""
    steps = []
    for step in path:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif _SIMPLE.match(step):
            steps.append(f".{step}")
        else:
            steps.append(f'["{step}"]')
    return "".join(steps).removeprefix(".") or "file"


def read(content):
    """Return the root node of a file's bytes. Raise Invalid for what is no document of ours."""
    if len(content) > LARGEST:
        raise Invalid([Problem((), 1, f"A file has at most {LARGEST:,} bytes.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid([Problem((), line, "This is not UTF-8.")]) from None
    builder = _Builder()
    try:
        root = builder.document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise Invalid([Problem((), line, "There is a control character.")]) from None
    except yaml.MarkedYAMLError as error:
        raise Invalid([_syntax(error)]) from None
    if builder.problems:
        raise Invalid(builder.problems)
    return root


def _syntax(error):
    mark = error.problem_mark or error.context_mark
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return Problem((), mark.line + 1 if mark else 1, f"This is not YAML: {said}.")


class _TooDeep(yaml.MarkedYAMLError):
    pass


class _Builder:
    """Makes nodes of YAML's events. Problems that hide no other are collected."""

    def __init__(self):
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Any]):
        """Return the root of the only document."""
        root = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    line = _line(event)
                    raise Invalid([Problem((), line, "A file has one document: leave '---' out.")])
                root = self._node(next(events), events, ())
        return root or Node(None, (), 1)

    def _node(self, event, events, path):
        line = _line(event)
        self._refuse_references(event, path, line)
        if len(path) > DEEPEST:
            said = f"lists and mappings go at most {DEEPEST} levels deep"
            raise _TooDeep(problem=said, problem_mark=event.start_mark)
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self._mapping(events, path), path, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._list(events, path), path, line)
        if _is_alias(event):
            return Node(None, path, line)
        text = self._text(event.value, path, line)
        return Node(_scalar(text) if event.style is None else text, path, line, text)

    def _mapping(self, events, path):
        found: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise Invalid([Problem(path, line, "A key is a single text.")])
            self._refuse_references(event, path, line)
            key = self._text(event.value, path, line)
            if key in found:
                said = f"This key stands here already, in line {found[key].line}."
                self.problems.append(Problem((*path, key), line, said))
            node = self._node(next(events), events, (*path, key))
            found.setdefault(key, node)
        return found

    def _list(self, events, path):
        found: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(self._node(event, events, (*path, len(found))))
        return found

    def _refuse_references(self, event, path, line):
        begun = []
        if event.anchor is not None:
            begun.append("'*' begins an alias" if _is_alias(event) else "'&' begins an anchor")
        if getattr(event, "tag", None) is not None:
            begun.append("'!' begins a tag")
        for what in begun:
            said = f"{what}, which is not read here. Put text in quotes."
            self.problems.append(Problem(path, line, said))

    def _text(self, text, path, line):
        """One line of text: what was broken over several is joined by spaces."""
        text = re.sub(r"[\t\n]", " ", text).strip()
        if not storable(text) or any(unicodedata.category(letter) == "Cc" for letter in text):
            self.problems.append(Problem(path, line, "There is a control character."))
        if len(text) > LONGEST:
            self.problems.append(Problem(path, line, f"A text has at most {LONGEST:,} characters."))
        return text[:LONGEST]


def _line(event: Any):
    return event.start_mark.line + 1


def _is_alias(event):
    return isinstance(event, yaml.AliasEvent)


def _scalar(text):
    if text in _CONSTANTS or text.lower() in ("null", "true", "false"):
        return _CONSTANTS[text.lower()]
    return int(text) if _WHOLE.match(text) else text
