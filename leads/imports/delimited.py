"""Reads delimited text record by record, with true line numbers, and past broken records."""

import csv
import io
from collections import deque
from typing import NamedTuple

from leads.imports.charset import ERRORS

LONGEST = 4 * 1024 * 1024  # characters of one line
LARGEST = 1024 * 1024  # characters of a record that goes over several lines
MOST_LINES = 200  # of one record: a quote that is never closed must not take the rest of the file
QUOTE = "A quote is not closed, or one inside a quoted cell is not doubled."
TOO_LONG = f"The line has more than {LONGEST:,} characters."

# The library's own limit is for the whole process; ours are above, by line and by record.
csv.field_size_limit(LONGEST)


class Row(NamedTuple):
    """One record: the line on which it begins, its cells, and what is wrong with it as a whole."""

    line: int
    cells: list[str]
    problem: str = ""

    @property
    def is_blank(self):
        return not self.problem and not any(cell.strip() for cell in self.cells)


class _Runaway(Exception):
    """A record has taken more lines than a record has."""


class _Lines:
    """Hands lines to the parser one by one; those of a broken record can be had again."""

    def __init__(self, stream):
        self.stream = stream
        self.number = 0  # lines that records before the present one have taken
        self.record: list[str] = []
        self._again: deque[str] = deque()
        self._size = 0

    def __iter__(self):
        return self

    def __next__(self):
        if len(self.record) >= MOST_LINES or (self.record and self._size > LARGEST):
            raise _Runaway
        line = self._again.popleft() if self._again else self._read()
        self.record.append(line)
        self._size += len(line)
        return line

    def _read(self):
        line = self.stream.readline(LONGEST)
        if not line:
            raise StopIteration
        if len(line) == LONGEST and not line.endswith(("\n", "\r")):
            while (more := self.stream.readline(LONGEST)) and not more.endswith(("\n", "\r")):
                pass
            raise _TooLong
        return line

    def done(self):
        """The record is complete: the next line begins another one."""
        self.number += len(self.record)
        self.record, self._size = [], 0

    def give_back(self):
        """Only the first line of the record counts as taken; the others are read again."""
        self._again.extendleft(reversed(self.record[1:]))
        del self.record[1:]


class _TooLong(Exception):
    """A line was too long, and was skipped to its end."""


def records(binary, *, encoding, delimiter, fits=lambda cells: True):
    """Yield every record of a binary file as a Row, blank ones too.

    A record over several lines that is broken, or that `fits` denies, is taken apart: its first
    line is a Row with a problem, and the next line begins a new record. So one stray quote costs
    one line.
    """
    lines = _Lines(_text(binary, encoding))
    parser = _parser(lines, delimiter)
    while True:
        line = lines.number + 1
        try:
            cells = next(parser)
        except StopIteration:
            return
        except _TooLong:
            lines.number += len(lines.record) + 1
            yield Row(line, [], TOO_LONG)
            lines.record = []
            parser = _parser(lines, delimiter)
            continue
        except (_Runaway, csv.Error):
            cells = None
        if cells is None or (len(lines.record) > 1 and not fits(cells)):
            lines.give_back()
            parser = _parser(lines, delimiter)
            yield Row(line, [lines.record[0].rstrip("\r\n")], QUOTE)
        else:
            yield Row(line, cells)
        lines.done()


def _parser(lines, delimiter):
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _text(binary, encoding):
    return io.TextIOWrapper(binary, encoding=encoding, errors=ERRORS, newline="")
