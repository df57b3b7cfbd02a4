from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from conftest import NOW
from leads.intake.receive import receive_touchpoints
from leads.models import SignalDay, Touchpoint, TouchpointKey
from leads.partitions import make_partitions, month_after

pytestmark = pytest.mark.django_db


def tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM leads_touchpoint")
        return {row[0] for row in cursor.fetchall()}


def test_what_was_counted_of_a_forgotten_month_stays_whatever_comes_later(company):
    lead = company.lead()
    at = NOW - timedelta(days=70)
    item = {"kind": "page_view", "url": "/pricing", "email": lead.email}

    def send(number, when):
        said = {"message_id": f"v{number}", "occurred_at": when.isoformat()}
        receive_touchpoints([item | said], source=company.source, now=NOW)
        company.score()

    make_partitions(at.date(), NOW.date())
    send(1, at)
    send(2, NOW - timedelta(days=1))
    connection.check_constraints()  # as their commits have, which this test has not
    call_command("forget_touchpoints", before=f"{NOW:%Y-%m}", stdout=StringIO())
    counted = SignalDay.objects.filter(lead=lead, day=at.date())
    assert counted.get().n == 1
    assert not Touchpoint.objects.filter(occurred_at__lt=NOW - timedelta(days=60)).exists()
    assert not TouchpointKey.objects.filter(month=at.date().replace(day=1)).exists()
    send(3, at + timedelta(hours=1))  # late news
    assert counted.get().n == 1
    assert SignalDay.objects.get(lead=lead, day=(NOW - timedelta(days=1)).date()).n == 1


@pytest.mark.parametrize("before", ["2099-01", "last year"])
def test_only_months_that_have_begun_are_forgotten(before):
    with pytest.raises(CommandError):
        call_command("forget_touchpoints", before=before)


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
