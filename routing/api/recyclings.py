"""Good leads that rest, through the API: let rest by people, read by marketing's tools."""

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, serializers
from rest_framework.response import Response

from leads.api.filters import IdFilter, OnlyNamed
from leads.api.idempotency import idempotent
from leads.api.pagination import NewestFirst
from leads.api.problems import Conflict
from leads.models import NurtureTrack, Signal
from routing import nurture
from routing.api.acting import Acts, found, seen_by
from routing.api.handoffs import HandoffOutput
from routing.api.moves import DONE, ClaimShape
from routing.models import Handoff, Recycling, Refused
from routing.models.recycling import ASKED, LONGEST, USUAL, waking_fields


class RecyclingShape(ClaimShape):
    """Which handoff ends, why, where the lead rests, and what wakes it."""

    reason = serializers.ChoiceField(ASKED)
    track = serializers.CharField(max_length=80, help_text="The name of a nurture track.")
    wake_at = serializers.DateTimeField(
        required=False, help_text="Left out: only when it meets the definition again."
    )
    wake_signal = serializers.CharField(
        required=False, max_length=40, help_text="The key of a signal: what the lead shall do."
    )
    wake_field = serializers.CharField(
        required=False, max_length=100, help_text="A field's key: what shall change of the lead."
    )
    cool_down_days = serializers.IntegerField(min_value=0, max_value=LONGEST, default=USUAL)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")

    def validate_wake_signal(self, key):
        signal = Signal.objects.current().filter(key=key, is_active=True).first()
        if signal is None:
            raise exceptions.ValidationError("There is no such signal.")
        return signal

    def validate_wake_field(self, key):
        if key not in dict(waking_fields()):
            raise exceptions.ValidationError("A change of this wakes nobody.")
        return key

    def validate_track(self, name):
        track = NurtureTrack.objects.filter(name=name, is_active=True).first()
        if track is None:
            raise exceptions.ValidationError("There is no such nurture track.")
        return track


class RecyclingOutput(serializers.ModelSerializer):
    """A lead that rests or rested: on which track, why, and what wakes it."""

    lead = serializers.IntegerField(source="handoff.lead_id")
    email = serializers.EmailField(source="handoff.lead.email")
    external_ids = serializers.ListField(child=serializers.CharField())
    track = serializers.CharField(source="track.name")
    wake_signal = serializers.CharField(source="wake_signal.key", allow_null=True, default=None)
    recycled_by = serializers.EmailField(source="recycled_by.email")

    class Meta:
        model = Recycling
        fields = (
            *("id", "handoff", "lead", "email", "external_ids", "track", "reason", "note"),
            *("wake_at", "wake_signal", "wake_field", "cool_down_until", "recycled_by"),
            *("recycled_at", "ended_at", "woken_by"),
        )


class RecyclingFilter(OnlyNamed):
    """What a list of recyclings may be narrowed by."""

    lead = IdFilter(field_name="handoff__lead")
    track = filters.CharFilter(field_name="track__name", help_text="The track's name.")
    rests = filters.BooleanFilter(
        field_name="ended_at", lookup_expr="isnull", help_text="Whether it still rests."
    )

    class Meta:
        model = Recycling
        fields = ("lead", "track", "reason", "rests")


class NewestRecyclings(NewestFirst):
    ordering = ("-recycled_at", "-id")


class Recyclings(Acts, generics.ListAPIView):
    """GET lists the leads that rest or rested, newest first: a segment for a marketing tool.

    POST lets a lead rest that the rep has accepted: good, but not now.

    One call wins (201); who recycled it already gets 200, everybody else 409 with where it stands.
    """

    serializer_class = RecyclingOutput

    @property
    def scope(self):  # type: ignore[override]
        return "routing:read" if self.request.method == "GET" else "routing:write"

    filterset_class = RecyclingFilter
    pagination_class = NewestRecyclings
    queryset = Recycling.objects.none()

    def get_queryset(self):
        seen = seen_by(self.request.user).values("pk")
        return Recycling.objects.filter(handoff__in=seen).select_related(
            "handoff__lead", "track", "recycled_by", "wake_signal"
        )

    def paginate_queryset(self, queryset):
        return nurture.with_ids(super().paginate_queryset(queryset))

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
