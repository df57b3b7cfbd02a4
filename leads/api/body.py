"""The gate that every request body passes before anything looks at it."""

import codecs
import json
import math

from rest_framework import exceptions, parsers, status

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 32


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {MAX_BYTES} bytes."
    default_code = "too_large"


def _refuse_constant(name):
    raise exceptions.ParseError(f"{name} is not JSON.")


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise exceptions.ParseError("A number is too large.")
    return number


def _unique(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise exceptions.ParseError(f"The name {twice[:60]!a} stands twice in one object.")
    return found


def _check_depth(text):
    """Refuse deep nesting before the recursive parser meets it. Brackets in strings count not."""
    depth, in_string, escaped = 0, False, False
    for letter in text:
        if in_string:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                in_string = False
        elif letter == '"':
            in_string = True
        elif letter in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise exceptions.ParseError(f"Nested deeper than {MAX_DEPTH} levels.")
        elif letter in "]}":
            depth -= 1


def parse(data: bytes):
    """Return the JSON value in `data`. Raise ParseError or TooLarge with a sentence for the sender.

    Stricter than `json`: UTF-8 only, bounded in size and depth, no NaN, no repeated names.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge()
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise exceptions.ParseError(f"Byte {error.start} is not UTF-8.") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    try:
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        raise exceptions.ParseError(f"Not JSON: {error}.") from None
    except ValueError:  # an integer of more digits than Python converts
        raise exceptions.ParseError("A number has too many digits.") from None


def refuse_too_large(request):
    """Raise TooLarge for a body that says it is over the limit, before it is read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise TooLarge()


class StrictJSONParser(parsers.BaseParser):
    """JSON through `parse`."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        refuse_too_large(parser_context["request"])
        return parse(stream.read(MAX_BYTES + 1))
