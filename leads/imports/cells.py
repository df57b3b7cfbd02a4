"""What people write into cells, as values: numbers, days, times, yes and no, web addresses."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from leads import decimals
from leads.consents import Consent

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
ORDERS = {DAY_FIRST: "Day first: 31/03/2026", MONTH_FIRST: "Month first: 03/31/2026"}
# What programs write where there is nothing. (People are called Null and Na, so not in names.)
EMPTY = {
    "",
    "-",
    "--",
    "n/a",
    "#n/a",
    "null",
    "(null)",
    "(none)",
    "(blank)",
    "(no value)",
    "(empty)",
}
BROKEN = {
    "#ref!",
    "#value!",
    "#name?",
    "#div/0!",
    "#null!",
    "#num!",
}  # what Excel could not work out

_YES = {
    "yes",
    "y",
    "true",
    "t",
    "1",
    "on",
    "x",
    "ja",
    "oui",
    "si",
    "sí",
    "sim",
    "wahr",
    "vrai",
    "✓",
}
_NO = {"no", "n", "false", "f", "0", "off", "nein", "non", "não", "nee", "falsch", "faux"}
_AGREED = {"given", "granted", "opted in", "opt in", "subscribed", "confirmed"}
_REFUSED = {"withdrawn", "revoked", "denied", "opted out", "opt out", "unsubscribed"}
_MARKS = re.compile(r"[\s'\u2019_]|[A-Z]{3}\b|[$€£¥₹]")  # spaces, apostrophes and currencies
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}\Z")  # thousands, or three digits of a part
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(\1\d{3})*\Z")
_SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})\b")
_TIME = re.compile(r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?\s*(Z|UTC)?\Z")
_FORMATS = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%Y/%m/%d", "%Y.%m.%d")
LONGEST_NUMBER = 18  # digits
WHOLE = "Give a whole number."
WHICH_DAY = "Day or month first? Say so in the settings of the import."
NO_DATE = "Not a date such as 2026-03-31."


class NotAValue(ValueError):
    """A cell's text cannot be read as what its column holds; the message says why."""


def whole(text):
    """Return a whole number: 1,200; 1.200; 1'200; 800.0 and 1.2E+06 are ones. Raise NotAValue."""
    bare = _MARKS.sub("", text)
    if re.search(r"\d[.,]\d", bare):
        bare = re.sub(r"[.,](?=\d{3}([.,]|\Z))", "", bare)
    try:
        number = Decimal(bare.replace(",", "."))
        if not number.is_finite() or number.adjusted() > LONGEST_NUMBER:
            raise NotAValue(WHOLE)
        if number != int(number):
            raise NotAValue(WHOLE)
    except InvalidOperation:
        raise NotAValue(WHOLE) from None
    return int(number)


def number(text):
    """Return a number, which may have a decimal point or comma. Raise NotAValue.

    1,200,000 and 1.200.000 are whole, 2,5 and 1,200.50 are not. 1.200 could be either, and is
    neither: nothing in it says whether the point divides thousands.
    """
    bare = _MARKS.sub("", text)
    if _EITHER.match(bare):
        before, behind = re.split("[.,]", bare)
        two = f"{before}{behind} or {before}.{behind}0"
        raise NotAValue(f"{bare} can be read in two ways. Write {two}.")
    marks = re.findall("[.,]", bare)
    before, last, behind = bare.rpartition(marks[-1] if marks else ".")
    if len(marks) > 1 and _THOUSANDS.match(bare):
        bare = re.sub("[.,]", "", bare)
    elif len(marks) > 1 and last not in before and _THOUSANDS.match(before):
        bare = f"{re.sub('[.,]', '', before)}.{behind}"
    elif len(marks) == 1:
        bare = f"{before}.{behind}"
    return _exact(bare)


def sent_number(text):
    """Return a number that a program or a browser wrote, of which 1.125 is no thousands.

    What no program writes so is read as people's. Raise NotAValue.
    """
    try:
        return _exact(text.strip())
    except NotAValue:
        return number(text)


def _exact(text):
    try:
        return decimals.number(text)
    except decimals.NotANumber as error:
        raise NotAValue(str(error)) from None


def money(text):
    """Return an amount in whole units of its currency; what is behind the point is cut off."""
    bare = _MARKS.sub("", text)
    cents = re.search(r"[.,](\d{1,2})\Z", bare)
    return whole(bare[: cents.start()] if cents else bare)


def yes_no(text):
    """Return True or False. Raise NotAValue."""
    said = text.strip().casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise NotAValue("Answer yes or no.")


def consent(text):
    """Return what somebody agreed to as `leads.consents` knows it. Raise NotAValue."""
    said = re.sub(r"[\s_-]+", " ", text).strip().casefold()
    if said in _AGREED or said in _YES:
        return Consent.GIVEN
    if said in _REFUSED or said in _NO:
        return Consent.WITHDRAWN
    raise NotAValue("Write given or withdrawn.")


def day(text, order=""):
    """Return a date, whatever time stands behind it. Raise NotAValue."""
    return moment(text, order).date()


def moment(text, order=""):
    """Return a time; one that names no zone is UTC. Raise NotAValue.

    03/04/2026 is the day that `order` makes of it; without one it is no date, because nothing in
    it says which it is.
    """
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        pass
    clock = _TIME.search(text)
    on = _day(text[: clock.start()].strip() if clock else text, order)
    hour, minute, second = _clock(clock)
    try:
        return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise NotAValue(NO_DATE) from None


def _day(text, order):
    found = _SLASHED.fullmatch(text)
    try:
        if found:
            first, sign, second, year = found.groups()
            usual = DAY_FIRST if sign == "." else order
            return _slashed(int(first), int(second), int(year), usual)
        return date.fromisoformat(text)
    except ValueError as error:
        if isinstance(error, NotAValue):
            raise
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise NotAValue(NO_DATE)


def _slashed(first, second, year, order):
    if first != second and first <= 12 and second <= 12 and not order:
        raise NotAValue(WHICH_DAY)
    day_first = first > 12 or (order == DAY_FIRST and second <= 12)
    return date(year, second, first) if day_first else date(year, first, second)


def _clock(found):
    if not found:
        return 0, 0, 0
    hour, minute, second, half, _ = found.groups()
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    return hours, int(minute), int(second or 0)


def order_of(texts):
    """Return which comes first in these dates, as far as they tell, or empty."""
    pairs = [(int(found[1]), int(found[3])) for found in map(_SLASHED.match, texts) if found]
    day_first = any(first > 12 >= second for first, second in pairs)
    month_first = any(second > 12 >= first for first, second in pairs)
    if day_first == month_first:
        return ""
    return DAY_FIRST if day_first else MONTH_FIRST


def domain(text):
    """Return the bare domain of a web address, or the text itself where it is none."""
    bare = text.strip()
    if "/" not in bare and ":" not in bare:
        return bare
    try:
        return urlsplit(bare if "//" in bare else f"//{bare}").hostname or bare
    except ValueError:
        return bare


def several(text):
    """Return the parts of a list that somebody wrote into one cell."""
    return [part.strip() for part in re.split(r"[;,|\n]", text) if part.strip()]
