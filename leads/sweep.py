"""Works through rows that wait: one at a time, and past those that cannot be done."""

import logging

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

log = logging.getLogger(__name__)


def one_by_one(claim, act, *, limit):
    """Do `act(row)` for waiting rows, each in a transaction of its own; return how many succeeded.

    `claim(passed_over)` returns the next row, locked, leaving out these primary keys; or None. A
    row whose act fails is logged and passed over until the next sweep, so that one broken row
    holds up nobody else's.
    """
    done = 0
    passed_over: list[int] = []
    while done + len(passed_over) < limit:
        with transaction.atomic():
            row = claim(passed_over)
            if row is None:
                break
            try:
                with transaction.atomic():
                    act(row)
            except SoftTimeLimitExceeded:
                raise
            except Exception:
                log.exception("%r could not be dealt with.", row)
                passed_over.append(row.pk)
            else:
                done += 1
    return done
