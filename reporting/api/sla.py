"""How promises were kept over the API: the numbers of the page, by the same filters."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from reporting import promises
from reporting.api.report import COMMON, HeadOutput, Report, seconds
from reporting.filters import ALL, PromiseFilter
from sla.models import ClockKind


class NumbersOutput(serializers.Serializer):
    """Promises by their outcome. Durations are seconds; null before anything was done."""

    handed_off = serializers.IntegerField()
    met = serializers.IntegerField()
    late = serializers.IntegerField(help_text="Done, but after the deadline.")
    untouched = serializers.IntegerField(help_text="Past the deadline and not done.")
    running = serializers.IntegerField(help_text="Not done and not yet due, or paused in time.")
    released = serializers.IntegerField(help_text="Ended in time without being done: not judged.")
    judged = serializers.IntegerField(help_text="met + late + untouched")
    share = serializers.FloatField(allow_null=True, help_text="met / judged")
    median = serializers.SerializerMethodField(help_text="Working time, pauses left out.")
    mean = serializers.SerializerMethodField()
    p90 = serializers.SerializerMethodField()
    wall_median = serializers.SerializerMethodField(help_text="By the wall clock.")
    wall_mean = serializers.SerializerMethodField()
    wall_p90 = serializers.SerializerMethodField()

    def get_median(self, numbers) -> float | None:
        return seconds(numbers.median)

    def get_mean(self, numbers) -> float | None:
        return seconds(numbers.mean)

    def get_p90(self, numbers) -> float | None:
        return seconds(numbers.p90)

    def get_wall_median(self, numbers) -> float | None:
        return seconds(numbers.wall_median)

    def get_wall_mean(self, numbers) -> float | None:
        return seconds(numbers.wall_mean)

    def get_wall_p90(self, numbers) -> float | None:
        return seconds(numbers.wall_p90)


class LineOutput(serializers.Serializer):
    """The numbers of one clock, team, rep, source, campaign or tier."""

    key = serializers.CharField()
    label = serializers.CharField()
    numbers = NumbersOutput()


class ReportOutput(HeadOutput):
    """How promises were kept that started in [since, until), as of a moment."""

    clock = serializers.CharField()
    total = NumbersOutput()
    before = NumbersOutput(help_text="The period before.")
    mqls = NumbersOutput(help_text="First touches of MQLs, whichever clock is asked for.")
    lines = LineOutput(many=True, help_text="They add up to the total.")


FILTERS = [
    *COMMON,
    OpenApiParameter("clock", str, enum=[*ClockKind.values, ALL], description="First touch."),
    OpenApiParameter("by", str, enum=list(promises.BY), description="What the lines are of."),
]


class SlaReport(Report):
    """How promises were kept: the SLA report's numbers."""

    filter_class = PromiseFilter

    @extend_schema(parameters=FILTERS, responses=ReportOutput, operation_id="reports_sla")
    def get(self, request):
        form = self.asked(request)
        clocks, mqls = form.clocks(), promises.of_mqls(form.clocks(every=True))
        found = self.head(form) | {
            "clock": form.kind,
            "total": promises.numbers(clocks, now=form.now),
            "before": promises.numbers(form.clocks(form.before()), now=form.now),
            "mqls": promises.numbers(mqls, now=form.now),
            "lines": promises.lines(clocks, form.lines_by, now=form.now),
        }
        return Response(ReportOutput(found).data)
