"""Two sweeps at the same moment: every step once, none left out, and nobody waits for long."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from conftest import NOW
from leads.models import Event
from sla import watch as watching
from sla.models import Clock, Escalation


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_sweeps_at_once_take_every_step_exactly_once(company, monkeypatch):
    monkeypatch.setattr(watching, "BATCH", 3)
    for _ in range(12):
        company.handoff()
    late = NOW + timedelta(minutes=90)
    failed, together = [], threading.Barrier(2)

    def sweep():
        try:
            together.wait(timeout=10)
            watching.watch(now=late)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed
    watching.watch(now=late)
    assert Clock.objects.exclude(next_step_at=None).count() == 0
    assert Event.objects.filter(kind="sla.breached").count() == 24
    assert Escalation.objects.filter(step="late").count() == 24
