"""What an uploaded file really is, whatever its name says, and where it lies while it is read."""

import contextlib
import tempfile
import zipfile

MOST_BYTES = 200 * 1024 * 1024  # of an uploaded file
MOST_SHEET = 1024 * 1024 * 1024  # bytes of a workbook's parts when they are unpacked
MOST_STRINGS = 128 * 1024 * 1024  # bytes of a workbook's texts, which are held in memory
PIECE = 1024 * 1024  # bytes that are read at once

CSV, XLSX = "csv", "xlsx"

# How files begin that people take for lists, and what to tell them.
_STARTS = [
    (
        b"\xd0\xcf\x11\xe0",
        "This is an old Excel workbook (.xls) or one with a password."
        " Save it as .xlsx without a password, or as CSV.",
    ),
    (b"%PDF", "This is a PDF. Export the list as CSV or .xlsx."),
    (b"\x1f\x8b", "This is a gzip archive. Unpack it first."),
    (b"Rar!", "This is a RAR archive. Unpack it first."),
    (b"7z\xbc\xaf", "This is a 7z archive. Unpack it first."),
    (b"\x89PNG", "This is a picture."),
    (b"\xff\xd8\xff", "This is a picture."),
    (b"GIF8", "This is a picture."),
    (b"{\\rtf", "This is an RTF document. Export the list as CSV or .xlsx."),
    (b"SQLite format 3", "This is a database. Export the list as CSV or .xlsx."),
]
_MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<head", b"<body")


class Unreadable(Exception):
    """The file as a whole cannot be imported; the message says why and what to do."""


def kind_of(path):
    """Return CSV or XLSX by the file's content. Raise Unreadable for anything else."""
    with open(path, "rb") as file:
        head = file.read(64 * 1024)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise Unreadable("The file is empty.")
    for start, told in _STARTS:
        if head.startswith(start):
            raise Unreadable(told)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(path)
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if plain.startswith(_MARKUP):
        raise Unreadable("This is a web page or XML, not a table. Export it as CSV or .xlsx.")
    if plain.startswith((b"{", b'[{"')):
        raise Unreadable("This is JSON. Export the list as CSV or .xlsx.")
    if _is_binary(head):
        raise Unreadable("This is not a text file, and no Excel workbook either.")
    return CSV


def _archive(path):
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {part.filename: part.file_size for part in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unreadable("The workbook is damaged: it cannot be unpacked.") from None
    if "xl/workbook.bin" in parts:
        raise Unreadable("This is a binary workbook (.xlsb). Save it as .xlsx, or as CSV.")
    if "xl/workbook.xml" not in parts:
        raise Unreadable("This is an archive or another kind of document, not an Excel workbook.")
    # `zipfile` never unpacks more of a part than its entry says, so these bounds hold.
    if sum(parts.values()) > MOST_SHEET or parts.get("xl/sharedStrings.xml", 0) > MOST_STRINGS:
        raise Unreadable("The workbook is too large to be read as one. Save it as CSV.")
    return XLSX


def _is_binary(head):
    """Whether control characters say that this is no text in any encoding (NULs may be UTF-16)."""
    control = sum(head.count(byte) for byte in (*range(1, 9), *range(14, 27), *range(28, 32)))
    return control > len(head) / 50


@contextlib.contextmanager
def spooled(pieces):
    """Lay the file down on this machine while it is read; yield its path.

    A workbook is not read from front to end, and a list is read several times.
    """
    with tempfile.NamedTemporaryFile(prefix="handoff-import-") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        yield file.name
