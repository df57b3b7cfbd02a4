from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from leads.api.filters import OnlyNamed
from leads.api.pagination import NewestFirst
from leads.api.permissions import PersonOrSourceMay
from leads.models import Source
from routing.models import Handoff, Pool, Seat


class PoolOutput(serializers.ModelSerializer):
    """A pool, with how many leads wait in it."""

    team = serializers.CharField(source="team.name")
    waiting = serializers.IntegerField(help_text="Leads that wait in it now.")

    class Meta:
        model = Pool
        fields = ("id", "name", "team", "waiting")


class MemberOutput(serializers.Serializer):
    """A rep of the pool's team."""

    rep = serializers.IntegerField()
    name = serializers.CharField()
    in_rotation = serializers.BooleanField()
    weight = serializers.IntegerField(help_text="Their share of the turns; 0: none.")


class PoolWithMembers(PoolOutput):
    """A pool with the active reps of its team."""

    members = serializers.SerializerMethodField()

    class Meta(PoolOutput.Meta):
        fields = (*PoolOutput.Meta.fields, "members")

    @extend_schema_field(MemberOutput(many=True))
    def get_members(self, pool):
        weights = dict(Seat.objects.filter(pool=pool).values_list("rep", "weight"))
        reps = pool.team.reps.filter(user__is_active=True).select_related("user").order_by("pk")
        rows = [
            {
                "rep": rep.pk,
                "name": str(rep),
                "in_rotation": rep.in_rotation,
                "weight": weights.get(rep.pk, 1),
            }
            for rep in reps
        ]
        return MemberOutput(rows, many=True).data


class PoolFilter(OnlyNamed):
    """Lists of pools are not narrowed."""

    class Meta:
        model = Pool
        fields = ()


class InOrder(NewestFirst):
    ordering = ("id",)


class PoolQueries:
    """The pools of the caller's teams; a source, and whoever sees every handoff, see all."""

    permission_classes = [PersonOrSourceMay]
    scope = "routing:read"
    queryset = Pool.objects.none()

    def get_queryset(self):
        user = self.request.user
        pools = Pool.objects.all() if isinstance(user, Source) else Pool.objects.visible_to(user)
        waiting = Handoff.objects.filter(pool=OuterRef("pk"), state=Handoff.State.POOLED)
        counted = waiting.order_by().values("pool").annotate(n=Count("pk")).values("n")
        return pools.select_related("team").annotate(waiting=Coalesce(Subquery(counted), 0))


class Pools(PoolQueries, generics.ListAPIView):
    """Pools, with how many leads wait in each."""

    serializer_class = PoolOutput
    filterset_class = PoolFilter
    pagination_class = InOrder


class PoolDetail(PoolQueries, generics.RetrieveAPIView):
    """One pool with its members."""

    serializer_class = PoolWithMembers
