from uuid import uuid4

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.permissions import SourceMay
from leads.intake import events, people
from leads.intake.shapes import IdentifyShape
from leads.intake.wire import Event
from leads.models import Identity, RefusedEvent


class IdentifyOutput(serializers.Serializer):
    """What became of it."""

    lead = serializers.IntegerField(
        allow_null=True, help_text="The id of whose the names are; null until an address is known."
    )
    duplicate = serializers.BooleanField(help_text="Whether its message_id came before.")
    left_out = serializers.ListField(
        child=serializers.CharField(), help_text="Traits that could not be read, and why."
    )


class Identify(APIView):
    """Says which names belong to one person, and what is known of them."""

    permission_classes = [SourceMay]
    scope = "leads:write"

    @extend_schema(
        request=IdentifyShape,
        responses=IdentifyOutput,
        description="Tie a user id, an anonymous id and an e-mail address to one person, whose "
        "earlier touchpoints join them. Traits are named as Segment's clients name them. Two "
        "people who are known already are never merged.",
    )
    @idempotent
    def post(self, request):
        shape = IdentifyShape(data=request.data)
        shape.is_valid(raise_exception=True)
        said, now = shape.validated_data, timezone.now()
        event = _event(said, now=now)
        received = events.receive_events([event], source=request.user, now=now)
        if received.refused:
            raise serializers.ValidationError("The database cannot hold this.")
        left_out = RefusedEvent.objects.filter(
            source=request.user, message_id=event.message_id, partly=True, received_at=now
        )
        body = {
            "lead": _whose(said),
            "duplicate": bool(received.duplicates),
            "left_out": list(left_out.order_by("pk").values_list("reason", flat=True)),
        }
        return Response(body)


def _event(said, *, now):
    email = {"email": said["email"]} if said.get("email") else {}
    return Event(
        type="identify",
        message_id=said.get("message_id") or f"identify-{uuid4()}",
        occurred_at=min(said.get("occurred_at", now), now),
        user_id=said.get("user_id", ""),
        anonymous_id=said.get("anonymous_id", ""),
        traits=said.get("traits", {}) | email,
    )


def _whose(said):
    kind, value = people.best_name(said)
    return Identity.objects.filter(kind=kind, value=value).values_list("lead", flat=True).first()
