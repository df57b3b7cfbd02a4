"""What reps do to reach leads, through the API: logged by people and sources, read as a list."""

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response

from leads.api.filters import IdFilter, InstantFilter, OnlyNamed
from leads.api.idempotency import idempotent
from leads.api.pagination import NewestFirst
from leads.api.problems import Conflict
from routing.api.acting import Acts, found, must_be_wanted, seen_by
from routing.api.moves import ClaimShape
from routing.models import Handoff, Refused, Touch


class TouchShape(ClaimShape):
    """Of which handoff, how the rep reached out, and how it went."""

    channel = serializers.ChoiceField(Touch.Channel.choices)
    outcome = serializers.ChoiceField(Touch.Outcome.choices)
    occurred_at = serializers.DateTimeField(required=False, help_text="Left out: now.")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    they_asked = serializers.BooleanField(
        default=False, help_text="They asked to be reached this way, though they forbade it."
    )


class TouchOutput(serializers.ModelSerializer):
    """What a rep did to reach a lead, when it was done and when it was entered."""

    lead = serializers.IntegerField(source="handoff.lead_id")
    by = serializers.EmailField(source="user.email")
    back_dated = serializers.BooleanField(source="is_back_dated")

    class Meta:
        model = Touch
        fields = (
            *("id", "handoff", "lead", "by", "channel", "outcome", "note"),
            *("occurred_at", "entered_at", "back_dated"),
        )


class TouchFilter(OnlyNamed):
    """What a list of touches may be narrowed by."""

    lead = IdFilter(field_name="handoff__lead", label="Id of the lead")
    handoff = IdFilter(field_name="handoff", label="Id of the handoff")
    by = filters.CharFilter(
        field_name="user__email", lookup_expr="iexact", label="E-mail of who reached out"
    )
    since = InstantFilter(field_name="occurred_at", lookup_expr="gte")
    until = InstantFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = Touch
        fields = ("channel", "outcome")


class NewestTouches(NewestFirst):
    ordering = ("-id",)


class Touches(Acts, generics.ListAPIView):
    """GET lists touches, newest first; POST logs one, which stops its clock if it is the first."""

    serializer_class = TouchOutput
    filterset_class = TouchFilter
    pagination_class = NewestTouches
    queryset = Touch.objects.none()

    @property
    def scope(self):  # type: ignore[override]
        return "routing:read" if self.request.method == "GET" else "routing:write"

    def get_queryset(self):
        seen = seen_by(self.request.user).values("pk")
        touches = Touch.objects.filter(handoff__in=seen).select_related("handoff", "user")
        return touches.defer("handoff__packet")

    @extend_schema(request=TouchShape, responses={201: TouchOutput})
    @idempotent
    def post(self, request):
        said, person = self.read(TouchShape)
        handoff = found(Handoff.objects.visible_to(person), said.pop("handoff"))
        must_be_wanted(said["channel"], handoff.lead, asked=said.pop("they_asked"))
        try:
            touch = Touch.objects.log(handoff, by=person, now=timezone.now(), **said)
        except Refused as error:
            raise Conflict(str(error)) from None
        return Response(TouchOutput(touch).data, status=201)
