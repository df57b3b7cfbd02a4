"""What we tell a sender about their mistakes, in words that can always be written down."""

from leads.text import storable

LONGEST = 200  # characters of what a sender wrote, repeated in a message


def readable(errors):
    """Return DRF's errors as plain data, cut short, with what cannot be written replaced."""
    if isinstance(errors, dict):
        return {_clean(str(name)): readable(inner) for name, inner in errors.items()}
    if isinstance(errors, list | tuple):
        return [readable(inner) for inner in errors]
    return _clean(str(errors))


def _clean(text):
    cut = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return "".join(letter if storable(letter) else "\ufffd" for letter in cut)
