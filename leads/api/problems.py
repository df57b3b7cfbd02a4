"""Errors as problem details: what is wrong, and with which field."""

from rest_framework import exceptions, status
from rest_framework.views import exception_handler

from leads.api import limits
from leads.intake.errors import readable


class Conflict(exceptions.APIException):
    """Somebody was faster, or it is not to be had in this state; the title says what holds."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def problem_details(error, context):
    """Answer every API error as `application/problem+json` with `title`, `status` and `errors`.

    `errors` maps field names, dotted for nested ones, to sentences; it is left out where no field
    is at fault.
    """
    error = limits.answer_of(error, context["request"])
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        body = {"title": "The data is not valid.", "errors": dict(_flat(readable(response.data)))}
    else:
        body = {"title": str(response.data.get("detail", "Refused."))}
    response.data = {"type": "about:blank", "status": response.status_code, **body}
    response.content_type = "application/problem+json"
    return response


def _flat(errors, prefix=""):
    """Yield `(dotted name, sentences)` from DRF's nested errors."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from _flat(inner, prefix if name == "non_field_errors" else f"{prefix}.{name}")
    else:
        sentences = [errors] if isinstance(errors, str) else errors
        yield prefix.lstrip(".") or "body", [str(sentence) for sentence in sentences]
