"""Leads that sales sends back, through the API: rejected by people and sources."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from routing.api.acting import Acts, found
from routing.api.handoffs import HandoffOutput
from routing.api.moves import DONE, ClaimShape
from routing.models import Handoff, Refused, RejectionReason


class RejectionShape(ClaimShape):
    """Which handoff is sent back, and why; the reason decides where the lead goes."""

    reason = serializers.SlugField(max_length=40, help_text="A reason's code.")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)

    def validate_reason(self, code):
        offered = RejectionReason.objects.offered()
        reason = offered.filter(code=code).first()
        if reason is None:
            codes = ", ".join(offered.values_list("code", flat=True))
            raise exceptions.ValidationError(f"There is no reason {code!r}. There are: {codes}.")
        return reason


class Rejections(Acts, APIView):
    """POST sends back a lead that is offered to the rep, or that they have accepted.

    One call wins (201); who rejected it already gets 200, everybody else 409 with where it stands.
    """

    @extend_schema(request=RejectionShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(RejectionShape)
        handoff = found(Handoff.objects.visible_to(person), said.pop("handoff"))
        try:
            handoff.reject(by=person, now=timezone.now(), **said)
        except Refused as error:
            handoff.refresh_from_db()
            if handoff.state == Handoff.State.REJECTED and handoff.held_by(person):
                return Response(HandoffOutput(handoff).data)
            raise Conflict(str(error)) from None
        return Response(HandoffOutput(handoff).data, status=201)
