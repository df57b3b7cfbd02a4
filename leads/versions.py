"""Versions of one noun are drafted, saved and published one person at a time."""

from django.db import connection


def one_at_a_time(model):
    """Wait until nobody else works on the versions of this model; hold until the commit.

    Taken before any row is read or locked, so that what is read next is what the one before left,
    and two people who publish at once never wait for each other in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [model._meta.label])
