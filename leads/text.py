"""How text is folded before it is stored or compared."""

import re
import unicodedata
from difflib import get_close_matches

_SPACES = re.compile(r"\s+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fold(text: str) -> str:
    """Return `text` in Unicode NFKC with runs of white space as one space, ends trimmed."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def storable(text):
    """Whether PostgreSQL can hold the text: no null character and no half of a surrogate pair."""
    return not _UNSTORABLE.search(text)


def whole(text):
    """Return the whole number that a browser sent as text, None where it is none of ours.

    A person may send anything: a sign, other scripts' digits, or more of them than can be read.
    """
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text or "", re.ASCII) else None


def hint(said, known):
    """Return a sentence with the known name that comes closest, or nothing."""
    by_folded = {name.casefold(): name for name in known if name}
    close = get_close_matches(said.casefold(), by_folded, n=1)
    return f" Did you mean {by_folded[close[0]]!r}?" if close else ""
