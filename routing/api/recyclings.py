"""Good leads that rest, through the API."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from leads.models import NurtureTrack
from routing.api.acting import Acts, found
from routing.api.handoffs import HandoffOutput
from routing.api.moves import DONE, ClaimShape
from routing.models import Handoff, Recycling, Refused
from routing.models.recycling import LONGEST, USUAL


class RecyclingShape(ClaimShape):
    """Which handoff ends, why, where the lead rests, and what wakes it."""

    reason = serializers.ChoiceField(Recycling.Reason.choices)
    track = serializers.CharField(max_length=80, help_text="The name of a nurture track.")
    wake_at = serializers.DateTimeField(
        required=False, help_text="Left out: only when it meets the definition again."
    )
    cool_down_days = serializers.IntegerField(min_value=0, max_value=LONGEST, default=USUAL)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")

    def validate_track(self, name):
        track = NurtureTrack.objects.filter(name=name, is_active=True).first()
        if track is None:
            raise exceptions.ValidationError("There is no such nurture track.")
        return track


class Recyclings(Acts, APIView):
    """POST lets a lead rest that the rep has accepted: good, but not now.

    One call wins (201); who recycled it already gets 200, everybody else 409 with where it stands.
    """

    @extend_schema(request=RecyclingShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(RecyclingShape)
        handoff = found(Handoff.objects.visible_to(person), said.pop("handoff"))
        try:
            handoff.recycle(by=person, now=timezone.now(), **said)
        except Refused as error:
            handoff.refresh_from_db()
            if handoff.state == Handoff.State.RECYCLED and handoff.held_by(person):
                return Response(HandoffOutput(handoff).data)
            raise Conflict(str(error)) from None
        return Response(HandoffOutput(handoff).data, status=201)
