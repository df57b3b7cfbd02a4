"""Work next over the API: one lead at a time, in the order of the queue."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from leads.intake.fields import text_field
from routing import work_next
from routing.api.acting import ActingShape, Acts, found, id_field, rep_of
from routing.api.handoffs import HandoffOutput
from routing.models import Handoff, Refused, Skip


class ServedOutput(serializers.Serializer):
    """What the rep has before them; nothing where nothing waits that they have not skipped."""

    handoff = HandoffOutput(allow_null=True)
    until = serializers.DateTimeField(
        allow_null=True, help_text="Till then nobody else may take it from the pool."
    )


class LeaseShape(ActingShape):
    """For whom."""


class SkipShape(ActingShape):
    """Which lead is put aside for an hour, and why."""

    handoff = id_field()
    reason = serializers.ChoiceField(Skip.Reason.choices)
    note = text_field(300)

    def validate(self, data):
        if data["reason"] == Skip.Reason.OTHER and not data.get("note"):
            raise serializers.ValidationError({"note": ["Say why: this reason needs a note."]})
        return data


class SkipOutput(serializers.ModelSerializer):
    class Meta:
        model = Skip
        fields = ("id", "handoff", "reason", "note", "at")


class Leases(Acts, APIView):
    """POST serves the rep their next lead: an own offer first, else one of their pools, leased."""

    @extend_schema(request=LeaseShape, responses=ServedOutput)
    @idempotent
    def post(self, request):
        _, person = self.read(LeaseShape)
        rep, now = rep_of(person), timezone.now()
        if work_next.current(rep, now=now)[0] is None:
            work_next.serve(rep, now=now)
        handoff, lease = work_next.current(rep, now=now)
        served = {"handoff": handoff, "until": lease.until if lease else None}
        return Response(ServedOutput(served).data)


class Skips(Acts, APIView):
    """POST puts aside for an hour, with a reason, what the rep was served. It stays where it is."""

    @extend_schema(request=SkipShape, responses={201: SkipOutput})
    @idempotent
    def post(self, request):
        said, person = self.read(SkipShape)
        rep_of(person)
        handoff = found(Handoff.objects.visible_to(person), said["handoff"])
        more = {"reason": said["reason"], "note": said.get("note", "")}
        try:
            made = Skip.objects.skip(handoff, by=person, now=timezone.now(), **more)
        except Refused as error:
            raise Conflict(str(error)) from None
        return Response(SkipOutput(made).data, status=201)
