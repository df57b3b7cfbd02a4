"""Follow-ups: listed by whoever may read leads, planned and done by people."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, serializers
from rest_framework.response import Response

from leads.api.filters import IdFilter, InstantFilter, OnlyNamed
from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from leads.models import Source
from routing.api.acting import ActingShape, Acts, id_field, must_be_wanted
from routing.models import FollowUp, Handoff, Refused, Touch


class FollowUpOutput(serializers.ModelSerializer):
    """Something to do for a lead, by a time."""

    lead = serializers.IntegerField(source="handoff.lead_id")
    lead_name = serializers.CharField(source="handoff.lead.name")
    company = serializers.CharField(
        allow_null=True, source="handoff.lead.company.name", default=None
    )
    owner = serializers.EmailField(
        allow_null=True, source="handoff.owner.user.email", default=None, help_text="Who has it."
    )
    team = serializers.CharField(allow_null=True, source="handoff.owner.team.name", default=None)
    cadence = serializers.CharField(allow_null=True, source="cadence.name", default=None)
    created_by = serializers.EmailField(allow_null=True, source="created_by.email", default=None)
    closed_by = serializers.EmailField(allow_null=True, source="closed_by.email", default=None)
    late = serializers.SerializerMethodField(help_text="Open, and its time has passed.")

    class Meta:
        model = FollowUp
        fields = (
            *("id", "handoff", "lead", "lead_name", "company", "owner", "team"),
            *("kind", "note", "due_at", "late", "state", "cadence", "cause"),
            *("created_by", "created_at", "outcome", "touch", "reason", "closed_at", "closed_by"),
        )

    def get_late(self, follow_up) -> bool:
        return follow_up.is_late(now=timezone.now())


class FollowUpFilter(OnlyNamed):
    """What a list of follow-ups may be narrowed by."""

    owner = filters.CharFilter(
        field_name="handoff__owner__user__email", lookup_expr="iexact", label="E-mail of the rep"
    )
    team = filters.CharFilter(
        field_name="handoff__owner__team__name", lookup_expr="iexact", label="Name of the team"
    )
    lead = IdFilter(field_name="handoff__lead", label="Id of the lead")
    handoff = IdFilter(field_name="handoff", label="Id of the handoff")
    kind = filters.ChoiceFilter(choices=FollowUp.Kind)
    state = filters.ChoiceFilter(choices=FollowUp.State)
    due_before = InstantFilter(field_name="due_at", lookup_expr="lt")
    due_after = InstantFilter(field_name="due_at", lookup_expr="gte")
    late = filters.BooleanFilter(method="only_late", label="Open, and its time has passed")

    class Meta:
        model = FollowUp
        fields: tuple = ()

    def only_late(self, found, name, said):
        late = FollowUp.objects.late(now=timezone.now())
        return found.filter(pk__in=late) if said else found.exclude(pk__in=late)


class PlanShape(ActingShape):
    handoff = id_field()
    kind = serializers.ChoiceField(FollowUp.PLANNED)
    due_at = serializers.DateTimeField(required=False, help_text="Left out: the policy says.")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class CompletionShape(ActingShape):
    outcome = serializers.ChoiceField(Touch.Outcome.choices)
    channel = serializers.ChoiceField(
        Touch.Channel.choices, required=False, help_text="Needed for a first contact."
    )
    occurred_at = serializers.DateTimeField(required=False, help_text="Left out: now.")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    they_asked = serializers.BooleanField(
        default=False, help_text="They asked to be reached this way, though they forbade it."
    )


class TimeShape(ActingShape):
    due_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=300)


class CancellationShape(ActingShape):
    reason = serializers.CharField(max_length=300)


def visible_to(caller):
    """The follow-ups that a caller may see: a source all, a person theirs."""
    found = FollowUp.objects.select_related(
        *("handoff__lead__company", "handoff__owner__user", "handoff__owner__team"),
        *("cadence", "created_by", "closed_by"),
    ).defer("handoff__packet")
    return found if isinstance(caller, Source) else found.visible_to(caller)


def answer(person, pk, status=200):
    return Response(FollowUpOutput(visible_to(person).get(pk=pk)).data, status=status)


class FollowUpQueries(Acts):
    """Reads with routing:read; writes as somebody, as `Acts` says."""

    serializer_class = FollowUpOutput
    queryset = FollowUp.objects.none()

    @property
    def scope(self):  # type: ignore[override]
        return "routing:read" if self.request.method == "GET" else "routing:write"

    def get_queryset(self):
        return visible_to(self.request.user)


class FollowUps(FollowUpQueries, generics.ListAPIView):
    """GET lists follow-ups, newest first; POST plans one."""

    filterset_class = FollowUpFilter

    @extend_schema(request=PlanShape, responses={201: FollowUpOutput})
    @idempotent
    def post(self, request):
        said, person = self.read(PlanShape)
        handoffs = Handoff.objects.visible_to(person)
        handoff = handoffs.filter(pk=said.pop("handoff")).first()
        if handoff is None:
            raise exceptions.ValidationError({"handoff": ["There is no such handoff."]})
        try:
            made = FollowUp.objects.plan(handoff, by=person, now=timezone.now(), **said)
        except Refused as error:
            raise Conflict(str(error)) from None
        return answer(person, made.pk, status=201)


class FollowUpDetail(FollowUpQueries, generics.RetrieveAPIView):
    """GET one follow-up."""


class Verb(FollowUpQueries, generics.GenericAPIView):
    """POST changes one follow-up and answers with it; 409 says in words why it cannot be."""

    def asked(self, shape_class):
        """Return `(the follow-up, what was sent, the person who acts)`."""
        pk = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"]).pk
        said, person = self.read(shape_class)
        return get_object_or_404(visible_to(person), pk=pk), said, person

    def changed(self, verb, *, by, **said):
        try:
            verb(by=by, now=timezone.now(), **said)
        except Refused as error:
            raise Conflict(str(error)) from None
        return answer(by, self.kwargs["pk"])


class Completion(Verb):
    """POST says that it was done; its outcome is logged as a touch."""

    @extend_schema(request=CompletionShape, responses=FollowUpOutput)
    @idempotent
    def post(self, request, pk):
        follow_up, said, person = self.asked(CompletionShape)
        asked, channel = said.pop("they_asked"), said.get("channel")
        if channel is None and follow_up.is_first:
            message = "Say by which channel you reached out."
            raise exceptions.ValidationError({"channel": [message]})
        by = channel or follow_up.channel()
        must_be_wanted(by, follow_up.handoff.lead, asked=asked)
        return self.changed(follow_up.complete, by=person, **said)


class Time(Verb):
    """POST sets another time."""

    @extend_schema(request=TimeShape, responses=FollowUpOutput)
    @idempotent
    def post(self, request, pk):
        follow_up, said, person = self.asked(TimeShape)
        return self.changed(follow_up.reschedule, by=person, **said)


class Cancellation(Verb):
    """POST says that it will not be done."""

    @extend_schema(request=CancellationShape, responses=FollowUpOutput)
    @idempotent
    def post(self, request, pk):
        follow_up, said, person = self.asked(CancellationShape)
        return self.changed(follow_up.cancel, by=person, **said)
