"""A file is read as what it is, line by line, and a broken line costs no other line."""

import io

import pytest

from leads.imports import delimited, reading, workbook
from leads.imports.files import Unreadable, kind_of
from leads.tests import lists

PLAIN = "Email,Name,City\na@x.example,Ana,Berlin\nb@x.example,Bo,Paris\n"


@pytest.fixture
def laid(tmp_path):
    """Lay bytes down as a file; return its path."""

    def lay(content, encoding="utf-8"):
        path = tmp_path / "list"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return str(path)

    return lay


@pytest.fixture
def read(laid):
    """Detect and read; return the Reading and the rows as (line, cells or problem)."""

    def reads(content, encoding="utf-8", **known):
        path = laid(content, encoding)
        found = reading.detect(path, **known)
        return found, [(row.line, row.problem or row.cells) for row in reading.rows(path, found)]

    return reads


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-8", "Jürgen Weiß"),
        ("utf-8-sig", "Jürgen Weiß"),
        ("cp1252", "Jürgen Weiß"),
        ("cp1252", "François Lefèvre"),
        ("utf-16", "Jürgen Weiß"),
        ("utf-16-le", "Jürgen Weiß"),
        ("utf-16-be", "Jürgen Weiß"),
        ("cp1250", "Grażyna Wiśniewska"),
        ("cp1251", "Иван Петров"),
        ("cp932", "田中太郎"),
    ],
)
def test_the_encoding_is_found(read, encoding, words):
    found, rows = read(PLAIN.replace("Ana", words), encoding)
    assert rows[0] == (2, ["a@x.example", words, "Berlin"])
    assert found.encoding == encoding


def test_letters_far_down_in_the_file_count_for_its_encoding(read):
    rows = "".join(f"p{n}@x.example,Pat,Berlin\n" for n in range(20_000))
    found, rows = read(("Email,Name,City\n" + rows + "z@x.example,Zoë,Ulm\n").encode("cp1252"))
    assert found.encoding == "cp1252" and rows[-1] == (20_002, ["z@x.example", "Zoë", "Ulm"])


def test_lines_in_another_encoding_are_marked_and_the_others_read(read):
    lines = [b"Email,Name", "a@x.example,Zoë".encode(), "b@x.example,Zoë".encode("cp1252")]
    lines += ["c@x.example,Åsa".encode(), b""]
    found, rows = read(b"\n".join(lines))
    assert found.encoding == "utf-8"
    assert rows[0][1][1] == "Zoë" and rows[2][1][1] == "Åsa"
    assert "\udcff" in rows[1][1][1]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_by_which_lines_agree(read, sign):
    content = PLAIN.replace(",", sign).replace("Berlin", '"Berlin, DE; EU"')
    found, rows = read(content)
    assert found.delimiter == sign
    assert rows[0] == (2, ["a@x.example", "Ana", "Berlin, DE; EU"])


def test_a_delimiter_that_is_named_for_excel_is_believed(read):
    found, rows = read("sep=;\nEmail;Name\na@x.example;Ana, B\n")
    assert (found.delimiter, found.heading_line) == (";", 2)
    assert rows == [(3, ["a@x.example", "Ana, B"])]


def test_a_list_of_addresses_alone_is_one_column_without_a_heading(read):
    found, rows = read("a@x.example\nb@x.example\n")
    assert (found.heading_line, found.headings) == (0, [""])
    assert rows == [(1, ["a@x.example"]), (2, ["b@x.example"])]


def test_lines_above_the_heading_are_left_out_and_told(read):
    found, rows = read("Leads of March\nmade by Ren\n\n" + PLAIN + "\nTotal,2\n")
    assert found.heading_line == 4 and "above the heading" in found.notes[0]
    assert rows[-1] == (8, "2 cells, where the heading has 3.")


def test_line_numbers_are_those_of_the_file_also_after_breaks_inside_quotes(read):
    content = (
        'Email,Name,City\r\na@x.example,"Ana\nMaria\r\nLopez",Berlin\r\n\r\nb@x.example,Bo,Paris'
    )
    _, rows = read(content)
    assert rows == [
        (2, ["a@x.example", "Ana\nMaria\r\nLopez", "Berlin"]),
        (5, []),
        (6, ["b@x.example", "Bo", "Paris"]),
    ]


def test_lines_that_end_as_on_an_old_mac(read):
    _, rows = read(PLAIN.replace("\n", "\r"))
    assert [line for line, _ in rows] == [2, 3]


def test_a_quote_that_is_never_closed_costs_one_line(read):
    rows = "".join(f"p{n}@x.example,Pat,Berlin\n" for n in range(1_000))
    _, rows = read(PLAIN + 'c@x.example,"Carl,Rome\n' + rows)
    assert rows[2] == (4, delimited.QUOTE)
    assert len(rows) == 1_003 and rows[-1] == (1_004, ["p999@x.example", "Pat", "Berlin"])


def test_a_quote_that_swallows_the_last_line_is_noticed(read):
    _, rows = read(PLAIN + 'c@x.example,Carl,"Rome\nd@x.example,Dan,Oslo\n')
    assert rows[2:] == [(4, delimited.QUOTE), (5, ["d@x.example", "Dan", "Oslo"])]


def test_quotes_inside_cells(read):
    _, rows = read(
        'Email,Name\na@x.example,"The ""Best"""\nb@x.example,5" disk\nc@x.example,"a "b" c"\n'
    )
    assert rows == [
        (2, ["a@x.example", 'The "Best"']),
        (3, ["b@x.example", '5" disk']),
        (4, delimited.QUOTE),
    ]


def test_rows_with_too_many_or_too_few_cells_are_told_and_empty_ones_at_the_end_do_not_count(read):
    _, rows = read(PLAIN + "c@x.example,Carl\nd@x.example,Dan,Rome,x\ne@x.example,Eve,Oslo,,,\n")
    assert rows[2:] == [
        (4, "2 cells, where the heading has 3."),
        (5, "4 cells, where the heading has 3."),
        (6, ["e@x.example", "Eve", "Oslo", "", "", ""]),
    ]


def test_a_cell_of_200_kb_is_read_and_a_line_without_end_is_told(laid, monkeypatch):
    path = laid(PLAIN + "c@x.example,Carl," + "x" * 200_000 + "\nd@x.example,Dan,Oslo\n")
    rows = list(reading.rows(path, reading.detect(path)))
    assert len(rows[2].cells[2]) == 200_000 and rows[3].cells[1] == "Dan"
    monkeypatch.setattr(delimited, "LONGEST", 50_000)
    rows = list(reading.rows(path, reading.detect(path)))
    assert rows[2].problem == delimited.TOO_LONG and (rows[3].line, rows[3].cells[1]) == (5, "Dan")


def test_headings_that_stand_twice_or_are_empty_stay_columns_of_their_own(read):
    found, rows = read("Email,Email,,Name\na@x.example,b@x.example,1,Ana\n")
    assert found.headings == ["Email", "Email", "", "Name"]
    assert rows == [(2, ["a@x.example", "b@x.example", "1", "Ana"])]


def test_a_heading_without_rows_is_a_list_of_nobody(read):
    found, rows = read("Email,Name\n")
    assert found.headings == ["Email", "Name"] and rows == []


def test_more_columns_than_anybody_has_are_refused(read):
    with pytest.raises(Unreadable, match="501 columns"):
        read(",".join(f"c{n}" for n in range(501)) + "\n")


# Workbooks


def test_a_workbook_reads_like_a_list(read):
    content = lists.workbook(
        ["Email", "Employees", None, "Since"], ["a@x.example", 800.0, None, True]
    )
    found, rows = read(content)
    assert (found.kind, found.sheet, found.headings) == (
        "xlsx",
        "Leads",
        ["Email", "Employees", "", "Since"],
    )
    assert rows == [(2, ["a@x.example", "800", "", "TRUE"])]


def test_a_workbooks_empty_rows_keep_their_numbers_except_at_the_end(read):
    content = lists.workbook(["Email"], ["a@x.example"], [None], ["b@x.example"], [""], [None])
    assert read(content)[1] == [(2, ["a@x.example"]), (3, []), (4, ["b@x.example"])]


def test_the_content_counts_and_not_the_name(read):
    book, _ = read(lists.workbook(["Email", "Name"], ["a@x.example", "Ana"]), name="leads.csv")
    assert book.kind == "xlsx" and ".csv" in book.notes[0]
    plain, _ = read(PLAIN, name="leads.xlsx")
    assert plain.kind == "csv" and ".xlsx" in plain.notes[0]


def test_numbers_and_days_are_what_a_person_would_have_typed():
    day = workbook.dt.datetime(2026, 3, 31)
    values = (4930123456.0, 0.5, 12, None, day, day.replace(hour=9), "text")
    shown = [workbook.text_of(value) for value in values]
    assert shown == ["4930123456", "0.5", "12", "", "2026-03-31", "2026-03-31 09:00:00", "text"]


@pytest.mark.parametrize("cut", [400, 2_000])
def test_a_damaged_workbook_is_refused_with_words(read, cut):
    content = lists.workbook(*[["Email", "Name"]] * 50)
    with pytest.raises(Unreadable, match=r"damaged|archive"):
        read(content[:cut] + content[cut + 60 :] if cut < 1000 else content[:-cut])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<!DOCTYPE html><table><tr><td>a", "web page"),
        (b'{"email": "a@x.example"}', "JSON"),
        (b"\x89PNG\r\n", "picture"),
        (bytes(range(1, 9)) * 40, "not a text file"),
        (b"PK\x05\x06" + b"\0" * 18, "not an Excel workbook"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(laid, content, words):
    with pytest.raises(Unreadable, match=words):
        kind_of(laid(content))


def test_records_stream(laid):
    """Reading a line never needs the lines behind it, beyond those that a quote may span."""

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            line = b"a@x.example,Ana\n" * (len(buffer) // 16)
            buffer[: len(line)] = line
            self.read_bytes += len(line)
            return len(line)

    source = Endless()
    rows = delimited.records(io.BufferedReader(source), encoding="utf-8", delimiter=",")
    for _ in range(100):
        next(rows)
    assert source.read_bytes < 100_000
