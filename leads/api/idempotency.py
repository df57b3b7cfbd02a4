"""Any POST can be repeated: same key and body, same answer, one effect."""

import hashlib
from functools import wraps

from django.db import transaction
from rest_framework import exceptions, status
from rest_framework.response import Response

from leads.api.body import refuse_too_large
from leads.models import IdempotencyKey, Source

MAX_KEY = 255


class KeyReused(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used with another body."
    default_code = "key_reused"


def idempotent(post):
    """Make a view's `post` honour the optional `Idempotency-Key` header, or its `key_header`.

    The key is inserted in the transaction of the effect: a repeat that arrives meanwhile waits,
    then gets the stored answer with `Idempotent-Replayed: true`. An answer that is an error stores
    nothing, so the sender may correct the body and use the key again.
    """

    @wraps(post)
    def wrapped(view, request, *args, **kwargs):
        header = getattr(view, "key_header", "Idempotency-Key")
        key = request.headers.get(header, "")
        if not key:
            return post(view, request, *args, **kwargs)
        if len(key) > MAX_KEY or not key.isprintable():
            message = f"At most {MAX_KEY} printable characters."
            raise exceptions.ValidationError({header: [message]})
        refuse_too_large(request)
        content = f"{request.method} {request.path}\n".encode() + request._request.body
        digest = hashlib.sha256(content).hexdigest()
        sender = {"source" if isinstance(request.user, Source) else "user": request.user}
        with transaction.atomic():
            IdempotencyKey.objects.bulk_create(
                [IdempotencyKey(**sender, key=key, request_hash=digest)], ignore_conflicts=True
            )
            row = IdempotencyKey.objects.select_for_update().get(**sender, key=key)
            if row.request_hash != digest:
                raise KeyReused()
            if row.status is not None:
                return Response(row.body, row.status, headers={"Idempotent-Replayed": "true"})
            response = post(view, request, *args, **kwargs)
            if response.status_code >= status.HTTP_400_BAD_REQUEST:
                row.delete()
            else:
                row.status, row.body = response.status_code, response.data
                row.save(update_fields=["status", "body"])
        return response

    return wrapped
