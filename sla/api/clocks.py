"""Clocks: what was promised, by when, and whether it was kept."""

from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from leads.api.filters import IdFilter, InstantFilter, OnlyNamed
from leads.api.pagination import NewestFirst
from leads.api.permissions import PersonOrSourceMay
from leads.models import Source
from sla.models import Clock


class ClockOutput(serializers.ModelSerializer):
    """One promise on a handoff."""

    lead = serializers.IntegerField(source="handoff.lead_id")
    owner = serializers.EmailField(allow_null=True, source="handoff.owner.user.email", default=None)
    team = serializers.SerializerMethodField(help_text="Of the rep or the pool that has the lead.")
    policy = serializers.CharField(source="policy.name")
    policy_version = serializers.IntegerField(source="policy.version")
    calendar = serializers.CharField(source="calendar.calendar.name")
    reads = serializers.SerializerMethodField(help_text="What it shows now, in words.")
    late = serializers.SerializerMethodField(help_text="Whether the promise was missed.")

    class Meta:
        model = Clock
        fields = (
            *("id", "handoff", "lead", "owner", "team", "kind", "follow_up", "state", "reads"),
            *("late", "policy", "policy_version", "calendar", "unit", "target_minutes"),
            *("started_at", "due_at", "target_due_at", "bound_due_at", "bound"),
            *("stopped_at", "cancelled_at"),
        )

    def get_team(self, clock) -> str | None:
        place = clock.handoff.owner or clock.handoff.pool
        return place.team.name if place else None

    def get_reads(self, clock) -> str:
        return clock.reading(now=timezone.now()).text

    def get_late(self, clock) -> bool:
        return clock.reading(now=timezone.now()).state in ("late", "met_late")


class ClockFilter(OnlyNamed):
    """What a list of clocks may be narrowed by."""

    owner = filters.CharFilter(
        field_name="handoff__owner__user__email", lookup_expr="iexact", label="E-mail of the rep"
    )
    team = filters.CharFilter(method="of_team", label="Name of the team that has the lead")
    lead = IdFilter(field_name="handoff__lead", label="Id of the lead")
    handoff = IdFilter(field_name="handoff", label="Id of the handoff")
    policy = filters.CharFilter(
        field_name="policy__name", lookup_expr="iexact", label="Name of the policy"
    )
    kind = filters.ChoiceFilter(choices=Clock.Kind)
    state = filters.ChoiceFilter(choices=Clock.State)
    due_before = InstantFilter(field_name="due_at", lookup_expr="lt")
    due_after = InstantFilter(field_name="due_at", lookup_expr="gte")
    late = filters.BooleanFilter(method="only_late", label="Whether the promise was missed")

    class Meta:
        model = Clock
        fields: tuple = ()

    def of_team(self, found, name, said):
        owned = Q(handoff__owner__team__name__iexact=said)
        return found.filter(owned | Q(handoff__pool__team__name__iexact=said))

    def only_late(self, found, name, said):
        late = Clock.objects.late(now=timezone.now())
        return found.filter(pk__in=late) if said else found.exclude(pk__in=late)


class LatestStart(NewestFirst):
    ordering = ("-started_at", "-id")


class ClockQueries:
    """The clocks that the caller may see: a source with routing:read all, a person theirs."""

    serializer_class = ClockOutput
    permission_classes = [PersonOrSourceMay]
    scope = "routing:read"
    pagination_class = LatestStart
    queryset = Clock.objects.none()

    def get_queryset(self):
        user, found = (
            self.request.user,
            Clock.objects.select_related(
                *("handoff__owner__user", "handoff__owner__team", "handoff__pool__team"),
                *("policy", "calendar__calendar"),
            ).defer("handoff__packet"),
        )
        return found if isinstance(user, Source) else found.visible_to(user)


class Clocks(ClockQueries, generics.ListAPIView):
    """GET lists clocks, those that started last first."""

    filterset_class = ClockFilter


class ClockDetail(ClockQueries, generics.RetrieveAPIView):
    """GET one clock."""
