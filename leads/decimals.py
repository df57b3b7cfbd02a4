"""Numbers that may have a decimal point, kept exactly as they were written.

A decimal has at most 15 digits, 4 of them behind the point. So many survive a JSON number and a
float, there and back, and are printed as they were written; therefore a decimal is carried as a
float. Nothing is calculated with it but here, and the database compares it as numeric.
"""

import re
from decimal import Decimal

DIGITS, PLACES = 15, 4
LONGEST = 60  # characters
ROOM = f"at most {DIGITS} digits, {PLACES} of them behind the point"
_WRITTEN = re.compile(r"[+-]?(\d+|\d*\.\d+)\Z", re.ASCII)


class NotANumber(ValueError):
    """It is no number that can be kept exactly; the message says why."""


def number(said):
    """Return the int or float for a text, or for a number of JSON. Raise NotANumber.

    What is written with a point and is whole is an int: one number is kept in one way.
    """
    text = str(said)
    shown = repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
    exact = Decimal(text) if isinstance(said, float) or _WRITTEN.match(text) else None
    if exact is None or not exact.is_finite():
        raise NotANumber(f"{shown} is not a number such as 12 or 2.5.")
    if len(text) > LONGEST:
        raise NotANumber(f"{shown} is too large: there is room for {ROOM}.")
    if exact == exact.to_integral_value():
        return int(exact)
    before, _, behind = format(exact, "f").lstrip("+-").partition(".")
    before, behind = before.lstrip("0"), behind.rstrip("0")
    if len(behind) > PLACES or len(before) + len(behind) > DIGITS:
        raise NotANumber(f"{shown} is too exact: there is room for {ROOM}.")
    return float(exact)


def plus(one, other):
    """Return the exact sum of two numbers; None where there is no room for it."""
    try:
        return number(format(Decimal(str(one)) + Decimal(str(other)), "f"))
    except NotANumber:
        return None


def between(low, high):
    """Return a number halfway between two; None where none lies between them."""
    middle = round((Decimal(str(low)) + Decimal(str(high))) / 2, PLACES)
    found = number(format(middle, "f"))
    return found if low < found < high else None
