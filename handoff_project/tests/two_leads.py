"""What tests of merging tell of two leads, and compare."""

from datetime import timedelta
from itertools import count

from django.core import serializers

from conftest import NOW
from leads.intake import receive
from leads.models import (
    Conversion,
    FieldValue,
    Identity,
    Lead,
    Qualification,
    Score,
    SignalDay,
    StageTransition,
    Touchpoint,
)
from routing.models import Assignment, Handoff, Touch
from sla.models import Clock

LATER = NOW + timedelta(hours=2)
numbers = count(1)


def views(lead, times, source, *, at=NOW, path="/pricing"):
    items = [
        {
            "message_id": f"m{next(numbers)}",
            "kind": "page_view",
            "email": lead.email,
            "url": path,
            "occurred_at": at - timedelta(hours=number),
        }
        for number in range(times)
    ]
    receive.receive_touchpoints(items, source=source, now=at)


def state_of(*leads):
    """Everything that is kept of these leads, without events and times of writing."""
    found = {}
    for model in (Identity, FieldValue, StageTransition, Qualification, Conversion, Handoff, Score):
        rows = model.objects.filter(lead__in=leads).order_by("pk")
        found[model.__name__] = serializers.serialize("python", rows)
    rows = serializers.serialize(
        "python", Lead.objects.filter(pk__in=[lead.pk for lead in leads]).order_by("pk")
    )
    found["Lead"] = [row["fields"] | {"updated_at": None} for row in rows]
    for score in found["Score"]:
        score["fields"]["scored_at"] = None
    handoffs = Handoff.objects.filter(lead__in=leads)
    for model in (Assignment, Touch, Clock):
        rows = model.objects.filter(handoff__in=handoffs).order_by("pk")
        found[model.__name__] = serializers.serialize("python", rows)
    found["done"] = sorted(Touchpoint.objects.values_list("lead", "digest"))
    found["days"] = sorted(
        SignalDay.objects.values_list("lead", "signal", "day", "n", "seconds", "visits")
    )
    return found


def points(lead):
    names = ("fit", "interest", "total", "tier", "bucket", "qualifies")
    return Score.objects.filter(lead=lead).values_list(*names).get()
