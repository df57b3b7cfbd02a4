"""Rows that have a `position`: 1 to n after every save, moved by one place with a button."""

from django.contrib import messages
from django.shortcuts import redirect

from leads.admin.base import page_of

MOVES = {"_move_up": (-1, "before"), "_move_down": (1, "after")}


def moved(admin, request, draft, rules, *, alike):
    """Do what a button of a saved draft asked for and return where to go; None if none did."""
    name = next((name for name in MOVES if name in request.POST), None)
    if name is None:
        return None
    step, word = MOVES[name]
    rule, other = move(rules, request.POST[name], step, alike=alike)
    if other:
        admin.message_user(request, f"The draft is saved. “{rule}” is {word} “{other}” now.")
    elif rule:
        edge = "first" if step < 0 else "last"
        admin.message_user(request, f"The draft is saved. “{rule}” is {edge} already.")
    else:
        said = "The draft is saved, but the rule to move is not there any more."
        admin.message_user(request, said, messages.WARNING)
    return redirect(f"{page_of(draft)}#move-{rule.pk if rule else 0}-{name.removeprefix('_move_')}")


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
