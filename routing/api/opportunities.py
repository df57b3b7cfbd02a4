"""Opportunities over the API: a CRM sends its own by their ids there, people work theirs."""

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response

from leads.api.filters import IdFilter, InstantFilter, OnlyNamed
from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from leads.intake.fields import CurrencyField, EmailField, FoldedCharField, StrictCharField
from leads.intake.shapes import Shape
from leads.models import Source
from routing import crm
from routing.api.acting import ActingShape, Acts, found, id_field
from routing.api.handoffs import NewestHandoffs
from routing.models import Handoff, Opportunity, OpportunityReason, Refused

NOBODY = "Nobody is known by this. Send the lead first."


class OpportunityOutput(serializers.ModelSerializer):
    """A deal that an SQL became."""

    company = serializers.CharField(allow_null=True, source="company.name", default=None)
    owner = serializers.EmailField(allow_null=True, source="owner.email", default=None)
    source = serializers.CharField(allow_null=True, source="source.name", default=None)
    reason = serializers.CharField(allow_null=True, source="reason.code", default=None)

    class Meta:
        model = Opportunity
        fields = (
            *("id", "lead", "company", "handoff", "owner", "name", "amount", "currency"),
            *("close_on", "state", "reason", "note", "source", "external_id"),
            *("opened_at", "closed_at"),
        )


class OpportunityFilter(OnlyNamed):
    """What a list of opportunities may be narrowed by."""

    lead = IdFilter(field_name="lead", label="Id of the lead")
    handoff = IdFilter(field_name="handoff", label="Id of the handoff")
    owner = filters.CharFilter(
        field_name="owner__email", lookup_expr="iexact", label="E-mail of whoever works it"
    )
    source = filters.CharFilter(
        field_name="source__name", lookup_expr="iexact", label="Name of the CRM's source"
    )
    closed_before = InstantFilter(field_name="closed_at", lookup_expr="lt")
    closed_after = InstantFilter(field_name="closed_at", lookup_expr="gte")

    class Meta:
        model = Opportunity
        fields = ("state", "external_id", "currency")


class Terms(serializers.Serializer):
    """What is known of a deal. What is left out stays as it is."""

    name = FoldedCharField(max_length=200, required=False, allow_blank=True)
    amount = serializers.DecimalField(
        max_digits=15, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    currency = CurrencyField(required=False)
    close_on = serializers.DateField(required=False, allow_null=True)


class OpeningShape(Terms, ActingShape):
    """Of which SQL a person opens an opportunity."""

    handoff = id_field()


class ChangeShape(Terms, ActingShape):
    """New terms of an open one."""


class ClosingShape(ActingShape):
    """Why it was won or lost."""

    reason = serializers.SlugField(max_length=40, required=False, help_text="A reason's code.")
    note = FoldedCharField(max_length=2000, required=False, allow_blank=True, default="")

    def validate_reason(self, code):
        return reason_called(code)


class ReopeningShape(ActingShape):
    """That it is open again."""


class DealShape(Terms, Shape):
    """What a CRM says of one of its opportunities, by its own id."""

    external_id = StrictCharField(max_length=120)
    lead = id_field(required=False, help_text="Or `email`. Not needed for one that is known.")
    email = EmailField(required=False)
    state = serializers.ChoiceField(Opportunity.State.choices, required=False)
    reason = serializers.SlugField(max_length=40, required=False, help_text="Needed when lost.")
    note = FoldedCharField(max_length=2000, required=False, allow_blank=True)

    def validate_reason(self, code):
        return reason_called(code)

    def validate(self, attrs):
        known = Opportunity.objects.filter(
            source=self.context["source"], external_id=attrs["external_id"]
        )
        lead = crm.lead_of(attrs)
        if lead is None and not known.exists():
            name = "lead" if "lead" in attrs else "email"
            raise serializers.ValidationError({name: [NOBODY]})
        return attrs | {"lead": lead}


def reason_called(code):
    """Return the reason with this code; raise ValidationError naming those that there are."""
    reasons = {one.code: one for one in OpportunityReason.objects.filter(is_active=True)}
    if code not in reasons:
        raise serializers.ValidationError(
            f"There is no reason {code!r}. There are: {', '.join(reasons)}."
        )
    return reasons[code]


def seen_by(caller):
    """The opportunities that a caller may see: a source all, a person theirs."""
    rows = Opportunity.objects.select_related("company", "owner", "source", "reason")
    return rows if isinstance(caller, Source) else rows.visible_to(caller)


def told(source, data, *, at, now):
    """Store what a CRM sent; return `(opportunity, what came of it)`. Raise Conflict."""
    shape = DealShape(data=data, context={"source": source})
    shape.is_valid(raise_exception=True)
    try:
        return crm.tell(source, shape.validated_data, at=at, now=now)
    except Refused as error:
        raise Conflict(str(error)) from None


class OpportunityQueries(Acts):
    """Reads with routing:read; a source writes with opportunities:write."""

    serializer_class = OpportunityOutput
    queryset = Opportunity.objects.none()

    @property
    def scope(self):  # type: ignore[override]
        return "routing:read" if self.request.method == "GET" else "opportunities:write"

    def get_queryset(self):
        return seen_by(self.request.user)


class Opportunities(OpportunityQueries, generics.ListAPIView):
    """GET lists opportunities, newest first.

    POST opens one of an SQL for a person (201). A source that names nobody tells of one of its
    own, which is made (201) or brought up to date (200).
    """

    filterset_class = OpportunityFilter
    pagination_class = NewestHandoffs

    @extend_schema(
        request=PolymorphicProxySerializer(
            "OpportunityRequest", [DealShape, OpeningShape], None, many=False
        ),
        responses={200: OpportunityOutput, 201: OpportunityOutput},
    )
    @idempotent
    def post(self, request):
        now = timezone.now()
        names_somebody = isinstance(request.data, dict) and "by" in request.data
        if isinstance(request.user, Source) and not names_somebody:
            row, what = told(request.user, request.data, at=now, now=now)
            return _answer(row, 201 if what == crm.CREATED else 200)
        said, person = self.read(OpeningShape)
        handoff = found(Handoff.objects.visible_to(person), said.pop("handoff"))
        try:
            row = Opportunity.objects.open_for(handoff, by=person, now=now, **said)
        except Refused as error:
            raise Conflict(str(error)) from None
        return _answer(row, 201)


class OpportunityDetail(OpportunityQueries, generics.RetrieveAPIView):
    """GET one opportunity; PATCH sets new terms of an open one."""

    @extend_schema(request=ChangeShape, responses=OpportunityOutput)
    def patch(self, request, pk):
        row, said, person = self.asked(ChangeShape)
        return self.changed(row.change, by=person, **said)

    def asked(self, shape_class):
        """Return `(the opportunity, what was sent, the person who acts)`."""
        pk = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"]).pk
        said, person = self.read(shape_class)
        return get_object_or_404(seen_by(person), pk=pk), said, person

    def changed(self, verb, *args, by, **said):
        try:
            verb(*args, by=by, now=timezone.now(), **said)
        except Refused as error:
            raise Conflict(str(error)) from None
        return _answer(verb.__self__)


class Closing(OpportunityDetail):
    """POST says that it was won, or lost, and why; 409 for what is closed already.

    Who closed it so already gets 200 again.
    """

    http_method_names = ["post", "options"]
    state: Opportunity.State | None = None

    @extend_schema(request=ClosingShape, responses=OpportunityOutput)
    @idempotent
    def post(self, request, pk):
        row, said, person = self.asked(ClosingShape)
        if Opportunity.objects.filter(Q(pk=row.pk), state=self.state, closed_by=person).exists():
            return _answer(row)
        return self.changed(row.close, self.state, by=person, **said)


class Winning(Closing):
    state = Opportunity.State.WON


class Losing(Closing):
    state = Opportunity.State.LOST


class Reopening(OpportunityDetail):
    """POST opens one again that was won or lost."""

    http_method_names = ["post", "options"]

    @extend_schema(request=ReopeningShape, responses=OpportunityOutput)
    @idempotent
    def post(self, request, pk):
        row, _, person = self.asked(ReopeningShape)
        return self.changed(row.reopen, by=person)


def _answer(row, status=200):
    return Response(OpportunityOutput(row).data, status=status)
