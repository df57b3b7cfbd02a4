"""Reads the rows of a workbook's sheet one after the other, as text like that of a list."""

import contextlib
import datetime as dt
import re
import warnings
import zipfile
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException

from leads.imports.delimited import Row
from leads.imports.files import Unreadable

MOST_ROWS = 1_048_576  # that a sheet can have
# What a damaged workbook makes the library raise, as far as we have seen.
_DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    ParseError,
    DefusedXmlException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
DAMAGED = "The workbook is damaged and cannot be read any further."


def sheets(path):
    """Return the names of the sheets that hold cells, the one that was open last first."""
    with _opened(path) as book:
        found = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        active = getattr(book.active, "title", "")
    if not found:
        raise Unreadable("The workbook has no sheet that can be seen.")
    return sorted(found, key=lambda name: name != active)


def rows(path, *, sheet, width):
    """Yield the rows of a sheet, blank ones too, with at most `width` cells each.

    A value is the text that a person would have typed: 800 and not 800.0, 2026-03-31 and so on.
    """
    blank = 0  # rows since the last one with a value; those at the end of a sheet are no rows
    for number, values in enumerate(_values(path, sheet, width), 1):
        cells = _trimmed([text_of(value) for value in values])
        if not cells:
            blank += 1
            continue
        yield from (Row(line, []) for line in range(number - blank, number))
        blank = 0
        yield Row(number, cells)


def _values(path, sheet, width):
    with _opened(path) as book:
        if sheet not in book.sheetnames:
            raise Unreadable(f"The workbook has no sheet {sheet!r}.")
        found = book[sheet]
        # Some programs write a size that is wrong, and the library believes it.
        found.reset_dimensions()
        yield from found.iter_rows(max_row=MOST_ROWS, max_col=width, values_only=True)


def text_of(value):
    """Return a cell's value as text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return str(value)


def _number(value):
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    # What a workbook calculated is off by a little in its last digits, and shows fifteen.
    text = f"{value:.15g}"
    # Three digits behind a mark might be thousands; this is no text that somebody wrote.
    return f"{text}0" if "e" not in text and re.search(r"\.\d{3}\Z", text) else text


def _trimmed(cells):
    """A sheet's rows end where their last value is; so do ours, whoever wrote the file."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


@contextlib.contextmanager
def _opened(path):
    """Open a workbook; whatever is wrong with it, now or while it is read, is Unreadable."""
    # It takes long to load, and few processes ever read a workbook.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with open(path, "rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and extensions that nobody asked for
                book = load_workbook(file, read_only=True, data_only=True)
            with contextlib.closing(book):
                yield book
        except (*_DAMAGED, InvalidFileException) as error:
            raise Unreadable(DAMAGED) from error
