"""Rows that have a `position`: 1 to n after every save, moved by one place with a button."""


def number(rows):
    """Give the rows, which come in their order, the positions 1 to n."""
    moved = []
    for place, row in enumerate(rows, start=1):
        if row.position != place:
            row.position = place
            moved.append(row)
    if moved:
        type(moved[0])._default_manager.bulk_update(moved, ["position"])


def move(rows, pk, step, *, alike):
    """Let a row change places with the next (1) or previous (-1) one that is `alike` it.

    Return the row and the one that it passed; either is None where there is none.
    """
    rows = list(rows)
    row = next((one for one in rows if str(one.pk) == str(pk)), None)
    if row is None:
        return None, None
    peers = [one for one in rows if alike(one) == alike(row)]
    place = peers.index(row) + step
    if not 0 <= place < len(peers):
        return row, None
    other = peers[place]
    here, there = rows.index(row), rows.index(other)
    rows[here], rows[there] = other, row
    number(rows)
    return row, other
