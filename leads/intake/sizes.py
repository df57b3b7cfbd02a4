"""How many people a text says that a company has: many systems know no number but a band."""

import re

_THOUSANDS = re.compile(r"(?<=\d)[ .,'\u2019_](?=\d{3}(?!\d))")
_NUMBER = r"(\d{1,9})(k)?"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|\u2013|\u2014|to|bis|\.\.+)\s*{_NUMBER}\Z")
_FROM = re.compile(
    rf"(?:(?:over|more than|at least|>=?|\u2265)\s*{_NUMBER}|{_NUMBER}\s*(?:\+|or more))\Z"
)
_UNTIL = re.compile(rf"(?:under|fewer than|less than|up to|<=?|\u2264)\s*{_NUMBER}\Z")
_PEOPLE = re.compile(r"\s*(employees|people|staff|fte|mitarbeiter)\Z")


def band_of(text):
    """Return the lower bound of a band such as "51-200", "10,001+" or "< 10"; None if it is none.

    The lower bound, so that a rule that asks for so many holds for everybody in the band. Below a
    bound, all that is known is that there is one.
    """
    bare = _PEOPLE.sub("", _THOUSANDS.sub("", " ".join(text.casefold().split())))
    if _UNTIL.match(bare):
        return 1
    found = _BETWEEN.match(bare) or _FROM.match(bare)
    if found is None:
        return None
    numbers = [(int(n) * (1000 if k else 1)) for n, k in _pairs(found.groups()) if n]
    if numbers != sorted(numbers):
        return None
    exclusive = bare.startswith(("over", "more than", ">")) and not bare.startswith(">=")
    return numbers[0] + exclusive


def _pairs(groups):
    return zip(groups[::2], groups[1::2], strict=True)
