from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from leads.api.filters import InstantFilter, OnlyNamed
from leads.api.pagination import NewestFirst
from leads.api.permissions import PersonOrSourceMay
from routing.api.acting import seen_by
from routing.models import Handoff


class HandoffOutput(serializers.ModelSerializer):
    """A handoff: the lead on its way to one rep."""

    owner_name = serializers.CharField(source="owner", allow_null=True)
    pool_name = serializers.CharField(source="pool", allow_null=True)

    class Meta:
        model = Handoff
        fields = (
            "id",
            "lead",
            "kind",
            "state",
            "tier",
            "score",
            "owner",
            "owner_name",
            "pool",
            "pool_name",
            "opened_at",
            "accepted_at",
            "closed_at",
            "next_due_at",
        )


class HandoffFilter(OnlyNamed):
    """What a list of handoffs may be narrowed by."""

    lead = filters.NumberFilter()
    owner = filters.NumberFilter()
    pool = filters.NumberFilter()
    team = filters.CharFilter(method="of_team", label="Name of the team that has it")
    source = filters.CharFilter(field_name="lead__lead_source", label="Source of the lead")
    campaign = filters.CharFilter(field_name="lead__campaign__name", label="Name of the campaign")
    due_before = InstantFilter(field_name="next_due_at", lookup_expr="lt")
    due_after = InstantFilter(field_name="next_due_at", lookup_expr="gte")
    late = filters.BooleanFilter(method="only_late", label="Its next deadline has passed")

    class Meta:
        model = Handoff
        fields = ("lead", "state", "kind", "owner", "pool", "tier")

    def of_team(self, found, name, said):
        of_rep, of_pool = Q(owner__team__name__iexact=said), Q(pool__team__name__iexact=said)
        return found.filter(of_rep | of_pool)

    def only_late(self, found, name, said):
        late = Q(next_due_at__lt=timezone.now())
        return found.filter(late) if said else found.exclude(late)


class NewestHandoffs(NewestFirst):
    ordering = ("-opened_at", "-id")


class HandoffQueries:
    permission_classes = [PersonOrSourceMay]
    scope = "routing:read"
    serializer_class = HandoffOutput
    queryset = Handoff.objects.none()

    def get_queryset(self):
        return seen_by(self.request.user).select_related("owner__user", "pool").defer("packet")


class Handoffs(HandoffQueries, generics.ListAPIView):
    """The handoffs that the caller may see, newest first."""

    filterset_class = HandoffFilter
    pagination_class = NewestHandoffs


class HandoffDetail(HandoffQueries, generics.RetrieveAPIView):
    """One handoff."""
