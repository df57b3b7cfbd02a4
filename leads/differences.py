"""What is different between two versions, each said as sentences by key."""


def compared(before, after):
    """Yield `(word, sentence)` of what was removed, changed and added."""
    for key, said in before.items():
        if key not in after:
            yield "removed", said
        elif after[key] != said:
            yield "changed", f"{said} Now: {after[key]}"
    for key, said in after.items():
        if key not in before:
            yield "added", said


def moved(before, after, *, name):
    """Yield `(word, sentence)` of what only stands elsewhere among the rows of both.

    `name` says by a key what a row is called.
    """
    kept_before = [key for key in before if key in after]
    kept_after = [key for key in after if key in before]
    for index, key in enumerate(kept_after):
        if _follows(kept_before, key) != _follows(kept_after, key):
            first = kept_after[index - 1] if index else None
            place = f"“{name(first)}”." if index else "nothing: it is first."
            yield "moved", f"{after[key]} Now after {place}"


def _follows(order, key):
    index = order.index(key)
    return order[index - 1] if index else None
