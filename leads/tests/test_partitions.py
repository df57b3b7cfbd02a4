from datetime import UTC, date, datetime

import pytest
from django.db import connection

from leads.intake.receive import receive_touchpoints
from leads.models import Touchpoint
from leads.partitions import make_partitions, month_after

pytestmark = pytest.mark.django_db


def tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM leads_touchpoint")
        return {row[0] for row in cursor.fetchall()}


def test_a_year_ends():
    assert month_after(date(2026, 12, 1)) == date(2027, 1, 1)


def test_partitions_are_made_once_and_take_over_what_lay_in_the_default(source):
    now = datetime(2031, 5, 31, 23, 59, tzinfo=UTC)
    item = {"message_id": "1", "kind": "page_view", "anonymous_id": "a"}
    receive_touchpoints([item], source=source, now=now)
    assert tables() == {"leads_touchpoint_default"}
    assert make_partitions(date(2031, 5, 10), date(2031, 7, 1)) == 3
    assert make_partitions(date(2031, 5, 1), date(2031, 7, 1)) == 0
    assert tables() == {"leads_touchpoint_2031_05"}
    assert Touchpoint.objects.get().occurred_at == now
