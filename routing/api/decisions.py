"""Routing decisions over the API: who got a lead, and why."""

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from leads.api.filters import InstantFilter, OnlyNamed
from leads.api.pagination import NewestFirst
from leads.api.permissions import PersonOrSourceMay
from routing.api.acting import seen_by
from routing.explanation import explain
from routing.models import Decision


class TriedOutput(serializers.Serializer):
    """One rule that was tried."""

    place = serializers.IntegerField()
    label = serializers.CharField()
    sentence = serializers.CharField(help_text="What it asks.")
    compared = serializers.DictField(child=serializers.CharField())
    result = serializers.CharField()
    fits = serializers.BooleanField()


class AskedOutput(serializers.Serializer):
    """Somebody whom a rule asked, and why they did or did not get the lead."""

    rep = serializers.IntegerField()
    name = serializers.CharField()
    result = serializers.CharField()
    won = serializers.BooleanField()


class EarlierOutput(serializers.Serializer):
    """A rule before the deciding one, and whom it asked in vain."""

    rule = serializers.CharField()
    asked = AskedOutput(many=True)


class TurnOutput(serializers.Serializer):
    """Somebody's place in the turns."""

    name = serializers.CharField()
    weight = serializers.IntegerField()
    before = serializers.FloatField(help_text="Credit before the turn.")
    after = serializers.FloatField(help_text="Credit after it.")
    won = serializers.BooleanField()


class ExplanationOutput(serializers.Serializer):
    """A decision in words: rules tried, everybody asked, turns before and after."""

    rule = serializers.CharField()
    place = serializers.IntegerField(allow_null=True, help_text="The number of the rule.")
    why = serializers.CharField()
    method = serializers.CharField()
    position = serializers.IntegerField(allow_null=True, help_text="The winner's in the turns.")
    rules = TriedOutput(many=True)
    earlier = serializers.SerializerMethodField()
    asked = AskedOutput(many=True, source="candidates")
    turns = TurnOutput(many=True)

    @extend_schema_field(EarlierOutput(many=True))
    def get_earlier(self, found):
        rows = [{"rule": label, "asked": asked} for label, asked in found.others]
        return EarlierOutput(rows, many=True).data


class DecisionOutput(serializers.ModelSerializer):
    """Who got a lead by which rule; without a rep it waits in the pool."""

    lead = serializers.IntegerField(source="handoff.lead_id")
    rule_set = serializers.IntegerField(source="rule_set.version", help_text="Its version.")
    rule = serializers.CharField(source="rule_label")
    pool_name = serializers.CharField(source="pool")
    rep_name = serializers.CharField(source="rep", allow_null=True)

    class Meta:
        model = Decision
        fields = (
            "id",
            "lead",
            "handoff",
            "rule_set",
            "rule",
            "pool",
            "pool_name",
            "rep",
            "rep_name",
            "nobody",
            "decided_at",
        )


class ExplainedDecision(DecisionOutput):
    """A decision with its explanation."""

    explanation = serializers.SerializerMethodField()

    class Meta(DecisionOutput.Meta):
        fields = (*DecisionOutput.Meta.fields, "explanation")

    @extend_schema_field(ExplanationOutput)
    def get_explanation(self, decision):
        return ExplanationOutput(explain(decision)).data


class DecisionFilter(OnlyNamed):
    """What a list of decisions may be narrowed by."""

    lead = filters.NumberFilter(field_name="handoff__lead")
    handoff = filters.NumberFilter()
    rule_set = filters.NumberFilter(field_name="rule_set__version", label="Version")
    rule = filters.CharFilter(field_name="rule_label", lookup_expr="iexact")
    pool = filters.NumberFilter()
    rep = filters.NumberFilter()
    nobody = filters.BooleanFilter(label="Whether nobody could take it")
    since = InstantFilter(field_name="decided_at", lookup_expr="gte")
    until = InstantFilter(field_name="decided_at", lookup_expr="lt")

    class Meta:
        model = Decision
        fields = ("lead", "handoff", "rule_set", "rule", "pool", "rep", "nobody")


class NewestDecisions(NewestFirst):
    ordering = ("-decided_at", "-id")


class DecisionQueries:
    """The decisions about the handoffs that the caller may see."""

    permission_classes = [PersonOrSourceMay]
    scope = "routing:read"
    queryset = Decision.objects.none()

    def get_queryset(self):
        found = Decision.objects.filter(handoff__in=seen_by(self.request.user).values("pk"))
        return found.select_related("handoff", "rule_set", "pool", "rep__user").defer(
            "handoff__packet"
        )


class Decisions(DecisionQueries, generics.ListAPIView):
    """Routing decisions, newest first."""

    serializer_class = DecisionOutput
    filterset_class = DecisionFilter
    pagination_class = NewestDecisions


class DecisionDetail(DecisionQueries, generics.RetrieveAPIView):
    """One decision with its explanation in words, as it was decided then."""

    serializer_class = ExplainedDecision
