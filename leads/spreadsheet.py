"""Lists that spreadsheets open, and that run no formula, whatever a lead is called."""

import csv
import itertools

# A cell that begins so is a formula to some spreadsheet; full-width variants are read the same.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
BOM = "\ufeff"  # by which spreadsheets take a file for UTF-8
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def safe(value):
    """Return a cell's text, with an apostrophe before what a spreadsheet would calculate."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if text.startswith(FORMULA) else text


def write_csv(headings, rows, file):
    """Write the rows, of any values, as CSV below the headings."""
    sheet = csv.writer(file)
    sheet.writerow(map(safe, headings))
    for row in rows:
        sheet.writerow(map(safe, row))


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text):
        return text


def csv_lines(headings, rows):
    """Yield the same as `write_csv` writes, line by line, for what is too long to hold."""
    sheet = csv.writer(_Line())
    for row in itertools.chain([headings], rows):
        yield sheet.writerow(map(safe, row))


def write_xlsx(headings, rows, file, *, title):
    """Write the rows as an Excel workbook of one sheet; numbers stay numbers, the rest is text."""
    # Long to load, and rarely needed.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)

    def cell(value):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", safe(value)))
        made.data_type = "s"  # also where the library would see a formula or an error
        return made

    for row in itertools.chain([headings], rows):
        sheet.append(list(map(cell, row)))
    book.save(file)
