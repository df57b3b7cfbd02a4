"""Two transactions that wait for each other: PostgreSQL ends one, and we try it again."""

import random
import time
from functools import wraps

from django.db import OperationalError
from psycopg.errors import DeadlockDetected, SerializationFailure

TRIES = 3


def retried(function):
    """Run an atomic function again, up to three times in all, if the database chose it to lose.

    The function must be atomic as a whole, so that nothing of a lost try remains.
    """

    @wraps(function)
    def wrapped(*args, **kwargs):
        for attempt in range(1, TRIES + 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                lost = isinstance(error.__cause__, DeadlockDetected | SerializationFailure)
                if not lost or attempt == TRIES:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * attempt)

    return wrapped
