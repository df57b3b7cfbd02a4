from django.core.exceptions import ValidationError as Invalid
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import exceptions, generics, permissions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.filters import OnlyNamed
from leads.api.idempotency import idempotent
from leads.api.permissions import MayReadLeads, SourceMay
from leads.conditions.registry import CUSTOM
from leads.imports.cells import NotAValue, sent_number
from leads.imports.targets import reader_of
from leads.intake import receive
from leads.intake.addresses import normal_email
from leads.intake.shapes import LeadChanges, LeadShape, Shape, TouchpointShape
from leads.models import CustomField, Identity, Lead, NotPossible, Score, Segment, Source
from leads.privacy import erasing


class LeadOutput(serializers.ModelSerializer):
    """A lead as the API shows it."""

    company = serializers.CharField(allow_null=True, source="company.name", default=None)
    company_domain = serializers.CharField(allow_null=True, source="company.domain", default=None)
    source = serializers.CharField(source="lead_source")
    campaign = serializers.CharField(allow_null=True, source="campaign.name", default=None)
    score = serializers.IntegerField(allow_null=True, source="score.total", default=None)
    fit = serializers.IntegerField(allow_null=True, source="score.fit", default=None)
    interest = serializers.IntegerField(allow_null=True, source="score.interest", default=None)
    tier = serializers.CharField(allow_null=True, source="score.tier", default=None)
    bucket = serializers.CharField(allow_null=True, source="score.bucket", default=None)
    custom = serializers.DictField(source="attributes", help_text="Custom fields by key.")

    class Meta:
        model = Lead
        fields = (
            "id",
            "email",
            "name",
            "phone",
            "job_title",
            "seniority",
            "department",
            "country",
            "region",
            "language",
            "postal_code",
            "company",
            "company_domain",
            "source",
            "channel",
            "campaign",
            "custom",
            "opted_out",
            "email_consent",
            "phone_consent",
            "do_not_contact",
            "stage",
            "status",
            "score",
            "fit",
            "interest",
            "tier",
            "bucket",
            "created_at",
            "updated_at",
        )


class LeadFilter(OnlyNamed):
    """What a list of leads may be narrowed by; `custom.KEY` by a custom field of theirs."""

    email = filters.CharFilter(method="known_by", label="E-mail address, a former one too")
    segment = filters.CharFilter(method="in_segment", label="Name of a segment")
    q = filters.CharFilter(method="search", label="Words in name, e-mail, phone or company")
    source = filters.CharFilter(field_name="lead_source", lookup_expr="iexact")
    country = filters.CharFilter(lookup_expr="iexact")
    tier = filters.CharFilter(field_name="score__tier", lookup_expr="iexact")
    bucket = filters.ChoiceFilter(field_name="score__bucket", choices=Score.Bucket)
    min_total = filters.NumberFilter(field_name="score__total", lookup_expr="gte")

    class Meta:
        model = Lead
        fields = ("email", "q", "source", "segment", "stage", "status", "country")

    def filter_queryset(self, queryset):
        leads = super().filter_queryset(queryset)
        for name in self.data:
            if name.startswith(CUSTOM):
                leads = leads.filter(**self._custom(name))
        return leads

    def knows(self, name):
        return name.startswith(CUSTOM) or super().knows(name)

    def _custom(self, name):
        """The look-up of a custom field's value, read as a list's cell is."""
        row = CustomField.objects.filter(key=name.removeprefix(CUSTOM), is_active=True).first()
        if row is None:
            raise exceptions.ValidationError({name: ["Unknown custom field."]})
        try:
            read = reader_of(name, order="", custom={row.key: row}, number=sent_number)
            value = read(self.data[name])
        except (NotAValue, Invalid) as error:
            told = error.messages if isinstance(error, Invalid) else [str(error)]
            raise exceptions.ValidationError({name: told}) from None
        return {f"{row.as_field().path}__exact": value}

    def known_by(self, leads, name, said):
        names = Identity.objects.filter(kind=Identity.Kind.EMAIL, value=normal_email(said))
        return leads.filter(Q(email__iexact=said) | Q(pk__in=names.values("lead")))

    def search(self, leads, name, words):
        return leads.search(words)

    def in_segment(self, leads, name, said):
        """Those in the segment: whatever a condition can ask of a lead, a list can be asked."""
        segment = Segment.objects.filter(name__iexact=said).first()
        if segment is None:
            raise exceptions.ValidationError({name: [f"There is no segment “{said}”."]})
        try:
            return segment.matching(leads, today=timezone.now().date())
        except Invalid:
            message = f"A condition of “{segment}” makes no sense any more; see the admin."
            raise exceptions.ValidationError({name: [message]}) from None


class LeadQueries:
    """The leads that the caller may see: a source with the scope all, a person theirs."""

    serializer_class = LeadOutput
    queryset = Lead.objects.none()

    @property
    def scope(self):
        return "leads:erase" if self.request.method == "DELETE" else "leads:write"

    def get_permissions(self):
        reads = self.request is None or self.request.method in permissions.SAFE_METHODS
        return [MayReadLeads() if reads else SourceMay()]

    def get_queryset(self):
        leads = Lead.objects.known().select_related("company", "campaign", "score")
        user = self.request.user
        return leads.unmerged() if isinstance(user, Source) else leads.visible_to(user)


class Leads(LeadQueries, generics.ListAPIView):
    """GET lists leads, newest first; POST stores one (201), or updates the known one (200)."""

    filterset_class = LeadFilter

    @extend_schema(request=LeadShape, responses={200: LeadOutput, 201: LeadOutput})
    @idempotent
    def post(self, request):
        shape = LeadShape(data=request.data)
        shape.is_valid(raise_exception=True)
        lead, created = receive.receive_lead(
            shape.validated_data, source=request.user, now=timezone.now()
        )
        return Response(LeadOutput(lead).data, status=201 if created else 200)


class AtWork(exceptions.APIException):
    status_code = 409
    default_code = "at_work"


class ErasureShape(Shape):
    reason = serializers.CharField(max_length=300, required=False)


class LeadDetail(LeadQueries, generics.RetrieveAPIView):
    """GET one lead; PATCH changes what is named, and an empty value changes nothing.

    301 to the one that it was merged into. DELETE erases the person (204), however often it is
    asked.
    """

    def get(self, request, *args, **kwargs):
        merged = Lead.objects.filter(pk=kwargs["pk"], merged_into__in=self.get_queryset()).first()
        if merged:
            address = reverse("api:lead", args=[merged.merged_into_id])
            return Response(status=301, headers={"Location": address})
        return super().get(request, *args, **kwargs)

    @extend_schema(request=LeadChanges, responses=LeadOutput)
    def patch(self, request, pk):
        self.get_object()
        shape = LeadChanges(data=request.data)
        shape.is_valid(raise_exception=True)
        receive.change_lead(pk, shape.validated_data, source=request.user, now=timezone.now())
        return Response(LeadOutput(self.get_object()).data)

    @extend_schema(request=ErasureShape, responses={204: None})
    def delete(self, request, pk):
        shape = ErasureShape(data=request.data or {})
        shape.is_valid(raise_exception=True)
        reason = shape.validated_data.get("reason", f"Asked for by {request.user}")
        lead = generics.get_object_or_404(Lead, pk=pk)
        try:
            erasing.erase(lead, reason=reason, source=request.user, now=timezone.now())
        except NotPossible as error:
            raise AtWork(str(error)) from None
        return Response(status=204)


class TouchpointError(serializers.Serializer):
    """Why one item of a list was refused."""

    index = serializers.IntegerField(help_text="Its place in the list, from 0.")
    errors = serializers.DictField(help_text="Sentences by the name of the field at fault.")


class TouchpointsOutput(serializers.Serializer):
    """What became of the touchpoints: each is stored, a duplicate, or listed as an error."""

    stored = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    errors = TouchpointError(many=True)


class Touchpoints(APIView):
    """POST stores one touchpoint (an object) or up to 1,000 (a list)."""

    permission_classes = [SourceMay]
    scope = "touchpoints:write"

    @extend_schema(
        request=PolymorphicProxySerializer(
            "OneOrManyTouchpoints",
            [TouchpointShape, TouchpointShape(many=True)],
            None,
            many=False,
        ),
        responses={
            200: TouchpointsOutput,
            400: OpenApiResponse(TouchpointsOutput, "Nothing of the list could be stored."),
        },
    )
    @idempotent
    def post(self, request):
        one = isinstance(request.data, dict)
        items = [request.data] if one else request.data
        if not isinstance(items, list) or not items:
            raise exceptions.ValidationError("Send one touchpoint, or a list of them.")
        if len(items) > receive.BATCH:
            raise exceptions.ValidationError(f"At most {receive.BATCH} touchpoints at once.")
        result = receive.receive_touchpoints(items, source=request.user, now=timezone.now())
        if one and result.errors:
            raise exceptions.ValidationError(result.errors[0]["errors"])
        body = {
            "stored": result.stored,
            "duplicates": result.duplicates,
            "errors": result.errors,
        }
        everything_is_bad = len(result.errors) == len(items)
        return Response(body, status=400 if everything_is_bad else 200)
