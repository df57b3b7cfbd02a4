"""Companies over the API: a sending system reads and writes them."""

from django.db import transaction
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, serializers
from rest_framework.response import Response

from leads.api.idempotency import idempotent
from leads.api.permissions import SourceMay
from leads.deadlocks import retried
from leads.intake.companies import company_told, learn_about
from leads.intake.shapes import CompanyChanges, CompanyShape
from leads.models import Company

NOBODYS = "Many people's addresses end so: give the company's own domain, or its name."


class CompanyOutput(serializers.ModelSerializer):
    """A company as the API shows it."""

    parent = serializers.IntegerField(source="parent_id", allow_null=True, help_text="Its id.")
    custom = serializers.DictField(source="attributes", help_text="Custom fields by key.")

    class Meta:
        model = Company
        fields = (
            "id",
            "name",
            "domain",
            "employees",
            "industry",
            "country",
            "relationship",
            "market_segment",
            "revenue",
            "revenue_currency",
            "funding_stage",
            "tech_stack",
            "competitor_in_use",
            "parent",
            "custom",
            "created_at",
            "updated_at",
        )


class CompanyFilter(filters.FilterSet):
    """What a list of companies may be narrowed by."""

    domain = filters.CharFilter(lookup_expr="iexact")
    name = filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = Company
        fields = ("domain", "name", "industry", "country", "relationship")


class CompanyQueries:
    """Companies are a source's to see; people see them with their leads."""

    permission_classes = [SourceMay]
    serializer_class = CompanyOutput
    queryset = Company.objects.all()

    @property
    def scope(self):
        return "leads:read" if self.request.method == "GET" else "leads:write"


class Companies(CompanyQueries, generics.ListAPIView):
    """Companies, newest first."""

    filterset_class = CompanyFilter

    @extend_schema(
        request=CompanyShape,
        responses={200: CompanyOutput, 201: CompanyOutput},
        description="Store one company (201), or update the known one (200): known by its domain, "
        "else by its name.",
    )
    @idempotent
    def post(self, request):
        shape = CompanyShape(data=request.data)
        shape.is_valid(raise_exception=True)
        company, created = _stored(shape.validated_data, source=request.user, now=timezone.now())
        return Response(CompanyOutput(company).data, status=201 if created else 200)


class CompanyDetail(CompanyQueries, generics.RetrieveAPIView):
    """One company."""

    @extend_schema(
        request=CompanyChanges,
        responses=CompanyOutput,
        description="Change what is named. Its domain is how it is known and stays; an empty "
        "value changes nothing.",
    )
    def patch(self, request, pk):
        self.get_object()
        shape = CompanyChanges(data=request.data)
        shape.is_valid(raise_exception=True)
        company = _changed(pk, shape.validated_data, source=request.user, now=timezone.now())
        return Response(CompanyOutput(company).data)


@retried
@transaction.atomic
def _stored(data, *, source, now):
    before = timezone.now()
    company = company_told(data, source=source, now=now)
    if company is None:
        raise exceptions.ValidationError({"domain": [NOBODYS]})
    return company, company.created_at >= before


@retried
@transaction.atomic
def _changed(pk, data, *, source, now):
    company = Company.objects.select_for_update(no_key=True).get(pk=pk)
    learn_about(company, data, source=source, now=now)
    return company
