"""The funnel over the API: the numbers of the page, by the same filters."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from reporting import funnel
from reporting.api.report import COMMON, HeadOutput, Report, seconds
from reporting.filters import FunnelFilter


class StepOutput(serializers.Serializer):
    """How many took a step of the funnel."""

    step = serializers.CharField(source="step.key")
    count = serializers.IntegerField()
    of_mqls = serializers.FloatField(source="of_all", allow_null=True, help_text="Of all MQLs.")
    of_before = serializers.FloatField(allow_null=True, help_text="Of the step before.")
    median = serializers.SerializerMethodField(
        help_text="Seconds from becoming an MQL to this step, over those that took it."
    )

    def get_median(self, taken) -> float | None:
        return seconds(taken.median)


class FunnelNumbersOutput(serializers.Serializer):
    """How far MQLs came. SQLs and `endings` add up to the MQLs."""

    steps = StepOutput(many=True)
    endings = serializers.SerializerMethodField(
        help_text="How many are still open, rejected, recycled or withdrawn."
    )
    lost = serializers.SerializerMethodField(
        help_text="How many of the SQLs came to opportunities that were all lost."
    )

    def get_endings(self, numbers) -> dict[str, int]:
        return {show: numbers.of(show) for show in funnel.ENDINGS}

    def get_lost(self, numbers) -> int:
        return numbers.of("lost")


class FunnelLineOutput(serializers.Serializer):
    """The numbers of one source, campaign, tier, team, rep or definition."""

    key = serializers.CharField()
    label = serializers.CharField()
    numbers = FunnelNumbersOutput()


class FunnelOutput(HeadOutput):
    """How far the leads came that became MQLs in [since, until), as of a moment."""

    total = FunnelNumbersOutput()
    before = FunnelNumbersOutput(help_text="The period before.")
    lines = FunnelLineOutput(many=True, help_text="They add up to the total.")


FILTERS = [
    *COMMON,
    OpenApiParameter("by", str, enum=list(funnel.BY), description="What the lines are of."),
]


class FunnelReport(Report):
    """How far the MQLs of a period came: the funnel's numbers."""

    filter_class = FunnelFilter

    @extend_schema(parameters=FILTERS, responses=FunnelOutput, operation_id="reports_funnel")
    def get(self, request):
        form = self.asked(request)
        found = self.head(form) | {
            "total": funnel.numbers(form.mqls(), now=form.now),
            "before": funnel.numbers(form.mqls(form.before()), now=form.now),
            "lines": funnel.lines(form.mqls(), form.lines_by, now=form.now),
        }
        return Response(FunnelOutput(found).data)
