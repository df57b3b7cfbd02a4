from django_filters import rest_framework as filters
from rest_framework import generics, serializers

from leads.api.filters import OnlyNamed
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

    class Meta:
        model = Handoff
        fields = ("lead", "state", "owner", "pool", "tier")


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
