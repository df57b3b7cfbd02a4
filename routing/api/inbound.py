"""The signed webhook by which a CRM tells of its opportunities as they change."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.authentication import SignedBySource
from leads.api.idempotency import idempotent
from leads.api.permissions import SourceMay
from leads.webhooks import TOLERANCE
from routing import crm
from routing.api.opportunities import DealShape, told

OURS = "opportunity."  # what the types of messages begin with that are taken
IGNORED = "ignored"


class MessageShape(serializers.Serializer):
    """A Standard Webhook. Fields beside these are passed over; those of `data` are not."""

    type = serializers.RegexField(
        r"^[A-Za-z0-9_.]{1,100}\Z", help_text=f"One that begins with {OURS}"
    )
    timestamp = serializers.DateTimeField(help_text="When it became so: older news changes nothing")
    data = DealShape()

    def validate_timestamp(self, at):
        if at > timezone.now() + timedelta(seconds=TOLERANCE):
            raise serializers.ValidationError("This lies in the future.")
        return at


class EnvelopeShape(MessageShape):
    """The same, with what it tells still unread."""

    data = serializers.JSONField()


class InboundOutput(serializers.Serializer):
    result = serializers.ChoiceField(
        [crm.CREATED, crm.UPDATED, crm.UNCHANGED, crm.OVERTAKEN, IGNORED],
        help_text="overtaken: something later was told before. ignored: not about an opportunity.",
    )
    opportunity = serializers.IntegerField(allow_null=True, help_text="Its id here.")


class InboundOpportunities(APIView):
    """POST tells of one opportunity, signed with the source's secret instead of a token.

    A message that comes again, with the same `webhook-id`, gets the same answer and changes
    nothing.
    """

    authentication_classes = [SignedBySource]
    permission_classes = [SourceMay]
    scope = "opportunities:write"
    key_header = "webhook-id"

    @extend_schema(request=MessageShape, responses=InboundOutput)
    @idempotent
    def post(self, request, pk):
        shape = EnvelopeShape(data=request.data)
        shape.is_valid(raise_exception=True)
        said = shape.validated_data
        if not said["type"].startswith(OURS):
            return Response({"result": IGNORED, "opportunity": None})
        now = timezone.now()
        row, what = told(request.user, said["data"], at=said["timestamp"], now=now)
        return Response({"result": what, "opportunity": row.pk})
