"""What the columns of a file probably mean: a first answer, for a person to correct."""

from leads.conditions.registry import CUSTOM
from leads.imports import cells, headings
from leads.imports.mapping import custom_fields
from leads.imports.targets import EMAIL, NEW


def suggested(reading, rows, *, create=False):
    """Return a target for each column, empty for those to ignore.

    By the heading where it is known; an e-mail column by its content too. With `create`, what is
    left becomes new custom fields of the type that the cells of these rows have.
    """
    columns = [[row.cells[n] for row in rows if n < len(row.cells)] for n in _numbers(reading)]
    custom = custom_fields()
    meanings = [
        _meaning(heading, texts, custom)
        for heading, texts in zip(reading.headings, columns, strict=True)
    ]
    best: dict[str, tuple[int, int]] = {}
    for number, (target, rank) in enumerate(meanings):
        if target and (target not in best or rank < best[target][0]):
            best[target] = (rank, number)
    found = ["" for _ in columns]
    for target, (_, number) in best.items():
        found[number] = target
    if EMAIL not in best:
        _find_email(found, columns)
    if create:
        for number, texts in enumerate(columns):
            found[number] = found[number] or _new_field(reading.headings[number], texts)
    return found


def _numbers(reading):
    return range(len(reading.headings))


def _meaning(heading, texts, custom):
    target, rank = headings.meaning_of(heading)
    said = [text for text in texts if text.strip()]
    if target == "job_title" and said and all(map(headings.is_salutation, said)):
        return "", 0
    if target:
        return target, rank
    key = headings.key_of(heading)
    same = (row.key for row in custom.values() if key and key in _keys(row))
    return next((f"{CUSTOM}{name}" for name in same), ""), 0


def _keys(row):
    return headings.key_of(row.key), headings.key_of(row.label)


def _find_email(found, columns):
    for number, texts in enumerate(columns):
        said = [text for text in texts if text.strip()]
        if said and sum(map(headings.is_email, said)) * 10 >= len(said) * 6:
            found[number] = EMAIL
            return


def _new_field(heading, texts):
    said = [text.strip() for text in texts if text.strip().casefold() not in cells.EMPTY]
    if not heading or not said:
        return ""
    readers = ((cells.yes_no, "yes_no"), (cells.number, "number"), (_day, "date"))
    kind = next((kind for reader, kind in readers if _all(reader, said)), "text")
    # 0 and 1 alone are rather a number than an answer.
    if kind == "yes_no" and all(text in ("0", "1") for text in said):
        kind = "number"
    return f"{NEW}lead.{kind}"


def _day(text):
    # Whichever comes first: that it is a day is all that is asked here.
    try:
        return cells.day(text, cells.DAY_FIRST)
    except cells.NotAValue:
        return cells.day(text, cells.MONTH_FIRST)


def _all(reader, texts):
    try:
        for text in texts:
            reader(text)
    except cells.NotAValue:
        return False
    return True
