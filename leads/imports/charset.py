"""In which encoding a list was saved, judged by the whole file and not by its beginning."""

import codecs
import re

from leads.imports.files import PIECE

# A byte that cannot be read becomes this half of a pair, which no text holds: the line that has it
# is refused, and nothing is replaced in silence.
UNREADABLE = "\udcff"
ERRORS = "handoff.mark"

SAMPLE = 64 * 1024  # bytes that tell between encodings
LABELS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16 with a byte order mark",
    "utf-16-le": "UTF-16, little end first",
    "utf-16-be": "UTF-16, big end first",
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "mac_roman": "Mac OS Roman",
    "cp850": "DOS 850 (Western Europe)",
    "cp932": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "EUC-KR (Korean)",
}
_BOMS = [(codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")]
# Encodings whose letters beyond ASCII make up whole words.
_OTHER_SCRIPTS = ["cp1251", "cp1253", "cp932", "gb18030", "big5", "cp949"]
# Letters of Central Europe as they look when they are read as if they were of Western Europe.
_SYMBOLS = set("¹³¿¼¾£¯¢")
_CZECH, _NORDIC = set("øìùò"), set("åæ")


def _mark(error):
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE, error.end


codecs.register_error(ERRORS, _mark)


def encoding_of(path):
    """Return the name of the encoding in which most lines of the file can be read."""
    with open(path, "rb") as file:
        head = file.read(SAMPLE)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _wide(head)
    if wide:
        return wide
    good, bad, sample = _lines_in_utf8(path)
    return _legacy(sample) if bad > good else "utf-8"


def _wide(head):
    """Return which UTF-16 it is without a mark: letters of Western scripts have a zero each."""
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > 0.4 * half and head[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if head[0::2].count(0) > 0.4 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return ""


def _lines_in_utf8(path):
    """Return how many lines with letters beyond ASCII are UTF-8 or not, and some that are not."""
    good, bad, sample, rest = 0, 0, bytearray(), b""
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            whole, _, rest = (rest + piece).rpartition(b"\n")
            if not whole and len(rest) > PIECE:
                whole, rest = rest, b""
            one_good, one_bad = _judge(whole, sample)
            good, bad = good + one_good, bad + one_bad
    one_good, one_bad = _judge(rest, sample)
    return good + one_good, bad + one_bad, bytes(sample)


def _judge(piece, sample):
    if piece.isascii():
        return 0, 0
    good = bad = 0
    for line in piece.split(b"\n"):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
            if len(sample) < SAMPLE:
                sample += line[:2_000] + b"\n"
    return good, bad


def _legacy(sample):
    """Return the likeliest of the older encodings for lines that are not UTF-8.

    Neighbours that share most letters cannot be told apart by a few names; a person may choose.
    """
    words = [word for word in re.findall(rb"[A-Za-z\x80-\xff]+", sample) if not word.isascii()]
    beyond = sum(byte > 127 for word in words for byte in word)
    if beyond * 2 > sum(map(len, words)):
        from charset_normalizer import from_bytes  # rarely needed, and long to load

        best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS, enable_fallback=False).best()
        if best:
            return best.encoding
    letters = set(sample.decode("cp1252", "replace"))
    czech = letters & _CZECH and not letters & _NORDIC and letters & set("žšý")
    return "cp1250" if letters & _SYMBOLS or czech else "cp1252"
