"""How a file is read: found out from the file, shown to a person, and kept for every later pass."""

import itertools
from collections import Counter
from dataclasses import asdict, dataclass, field

from leads.imports import charset, delimited, headings, workbook
from leads.imports.cells import order_of
from leads.imports.files import CSV, PIECE, XLSX, Unreadable, kind_of
from leads.text import storable

MOST_COLUMNS = 500
SAMPLE = 300  # records by which the delimiter and the heading are found
SHOWN = 10  # rows that a person sees before the import
TOP = 20  # records among which the heading is looked for
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
LONGEST_SHOWN = 80  # characters of a heading, or of a cell that is shown


@dataclass
class Reading:
    """Everything that says how the bytes of a file become rows.

    `heading_line` is 0 for a file without a heading. A row has `fewest` cells or more, and none
    beyond the headings.
    """

    kind: str = CSV
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    heading_line: int = 0
    headings: list[str] = field(default_factory=list)
    fewest: int = 1
    dates: str = ""
    lines: int = 0  # about as many as the file has; 0 where that is not known
    notes: list[str] = field(default_factory=list)
    sample: list[list] = field(default_factory=list)  # [line, cells] of the first rows

    def as_json(self):
        return asdict(self)


def detect(path, *, name="", encoding="", delimiter="", sheet="", heading_line=None, dates=""):
    """Return the Reading of a file. Raise Unreadable. What the caller knows is not looked for."""
    kind = kind_of(path)
    found = Reading(kind=kind)
    if kind == XLSX:
        found.sheets = workbook.sheets(path)
        found.sheet = sheet or found.sheets[0]
    else:
        found.encoding = encoding or charset.encoding_of(path)
        found.delimiter = delimiter or _delimiter(path, found.encoding)
        found.lines = _lines(path)
    if name:
        found.notes += _misnamed(name, kind)
    top = list(itertools.islice(_raw(path, found), SAMPLE))
    _find_heading(found, top, heading_line)
    found.dates = dates or order_of(cell for row in top for cell in row.cells)
    below = [row for row in top if row.line > found.heading_line and not row.is_blank]
    found.sample = [[row.line, list(map(_clean, row.cells))] for row in below[:SHOWN]]
    return found


def rows(path, reading):
    """Yield the rows below the heading, blank ones too; those that do not fit have a problem."""
    for row in _raw(path, reading, fits=lambda cells: not _misfit(cells, reading)):
        if row.line <= reading.heading_line:
            continue
        if row.problem or row.is_blank:
            yield row
        else:
            yield row._replace(problem=_misfit(row.cells, reading))


def _raw(path, reading, fits=lambda cells: True):
    if reading.kind == XLSX:
        width = 2 * len(reading.headings) + 10 if reading.headings else MOST_COLUMNS + 1
        yield from workbook.rows(path, sheet=reading.sheet, width=width)
        return
    with open(path, "rb") as file:
        yield from delimited.records(
            file, encoding=reading.encoding, delimiter=reading.delimiter, fits=fits
        )


def _misfit(cells, reading):
    """Why a row cannot be told apart into its columns, or empty."""
    most = len(reading.headings)
    used = len(cells)
    while used > most and not cells[used - 1].strip():
        used -= 1
    if used > most:
        return f"{used} cells, where the heading has {most}."
    if reading.kind == CSV and used < reading.fewest and any(cell.strip() for cell in cells):
        return f"{used} cell{'s' * (used != 1)}, where the heading has {most}."
    return ""


def _lines(path):
    """How many lines a text has, those inside of quotes too."""
    ends = {b"\n": 0, b"\r": 0}
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            ends = {end: times + piece.count(end) for end, times in ends.items()}
    return 1 + (ends[b"\n"] or ends[b"\r"])


def _misnamed(name, kind):
    ending = name.rpartition(".")[2].lower()
    if kind == XLSX and ending not in ("xlsx", "xlsm", "xltx", "xltm"):
        return [f"Its name says .{ending[:10]}, but it is an Excel workbook and was read as one."]
    if kind == CSV and ending in ("xlsx", "xlsm", "xls"):
        return [f"Its name says .{ending}, but it is text and was read as such."]
    return []


def _delimiter(path, encoding):
    """Return the delimiter by which most records have the same number of cells, two or more."""
    scores = {}
    for sign in DELIMITERS:
        with open(path, "rb") as file:
            found = delimited.records(file, encoding=encoding, delimiter=sign)
            sample = [row.cells for row in itertools.islice(found, SAMPLE) if not row.is_blank]
        if sample[:1] == [["sep=", ""]]:  # what programs write for Excel alone
            return sign
        widths = Counter(map(len, sample))
        width, times = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        share = times / max(1, len(sample))
        known = max((headings.known(cells) for cells in sample[:TOP]), default=0)
        scores[sign] = (known > 1, round(share, 1), width) if width > 1 else (False, 0, 1)
    return max(scores, key=lambda sign: scores[sign])


def _find_heading(reading, sample, heading_line):
    """Set the headings, the line they are on, and how many cells a row has at least."""
    filled = [row for row in sample if not row.is_blank and not row.problem]
    if not filled:
        raise Unreadable("No line of the file can be read; look at its encoding and delimiter.")
    widths = Counter(len(row.cells) for row in filled)
    usual = max(widths, key=lambda width: (widths[width], width))
    row = _heading(filled, usual) if heading_line is None else _row_at(filled, heading_line)
    names = [_clean(cell) for cell in row.cells] if row else []
    most = max(len(names), usual)
    if most > MOST_COLUMNS:
        raise Unreadable(f"{most} columns; at most {MOST_COLUMNS} can be imported.")
    reading.heading_line = row.line if row else 0
    reading.fewest = min(len(names) or usual, usual)
    reading.headings = names + [""] * (most - len(names))
    if row is None:
        reading.notes.append("No heading was found: the columns are told by their numbers.")
    elif filled[0].line < row.line:
        reading.notes.append(f"The lines above the heading on line {row.line} are left out.")


def _heading(filled, usual):
    """Return the row that looks like a heading, by its words or its place, or None."""
    top = filled[:TOP]
    best = max(top, key=lambda row: (headings.known(row.cells), -row.line))
    if headings.known(best.cells) > 1 or (usual == 1 and headings.known(best.cells)):
        return best
    for row in top:
        cells = [cell for cell in row.cells if cell.strip()]
        if len(cells) * 2 >= usual:
            return None if headings.are_values(cells) else row
    return None


def _row_at(filled, line):
    if not line:
        return None
    row = next((row for row in filled if row.line == line), None)
    if row is None:
        raise Unreadable(f"Line {line} is no heading: it is empty, or not among the first lines.")
    return row


def _clean(cell):
    """A heading or a cell as it is shown and stored."""
    text = " ".join(cell[: 2 * LONGEST_SHOWN].split())[:LONGEST_SHOWN]
    return "".join(letter if storable(letter) else "\ufffd" for letter in text)
