"""What a person or a program is told when a request fails on our side."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from django.shortcuts import render
from django.views.defaults import server_error

AGAIN_AFTER = 2  # seconds


def failed(request):
    """Answer 503 with Retry-After where the database was away or busy, else 500.

    A lock that was not had in time and a lost connection are over in a moment, and every request
    may be sent again; a program that is told so does.
    """
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return server_error(request)
    if "/v1/" in request.path:
        body = {"type": "about:blank", "status": 503, "title": "Busy. Send the same again."}
        response = JsonResponse(body, status=503, content_type="application/problem+json")
    else:
        response = render(None, "503.html", status=503)
    response["Retry-After"] = str(AGAIN_AFTER)
    return response
