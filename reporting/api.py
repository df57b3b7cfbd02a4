"""Reports over the API: the numbers of the page, by the same filters."""

from datetime import UTC
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.permissions import MayReadLeads
from leads.models import Source
from reporting import promises
from reporting.asking import ALL, PERIODS, PromiseFilter
from sla.models import ClockKind


class Everything:
    """What a source with leads:read reads: all, in UTC."""

    tzinfo = UTC
    is_authenticated = True

    def has_perm(self, name):
        return True


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
        return _seconds(numbers.median)

    def get_mean(self, numbers) -> float | None:
        return _seconds(numbers.mean)

    def get_p90(self, numbers) -> float | None:
        return _seconds(numbers.p90)

    def get_wall_median(self, numbers) -> float | None:
        return _seconds(numbers.wall_median)

    def get_wall_mean(self, numbers) -> float | None:
        return _seconds(numbers.wall_mean)

    def get_wall_p90(self, numbers) -> float | None:
        return _seconds(numbers.wall_p90)


class LineOutput(serializers.Serializer):
    """The numbers of one clock, team, rep, source, campaign or tier."""

    key = serializers.CharField()
    label = serializers.CharField()
    numbers = NumbersOutput()


class ReportOutput(serializers.Serializer):
    """How promises were kept that started in [since, until), as of a moment."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    as_of = serializers.DateTimeField()
    zone = serializers.CharField(help_text="In which days begin.")
    clock = serializers.CharField()
    by = serializers.CharField()
    total = NumbersOutput()
    before = NumbersOutput(help_text="The period before.")
    mqls = NumbersOutput(help_text="First touches of MQLs, whichever clock is asked for.")
    lines = LineOutput(many=True, help_text="They add up to the total.")


FILTERS = [
    OpenApiParameter("period", str, enum=list(PERIODS), description="30 days unless said."),
    OpenApiParameter("since", str, description="The first day, with period=dates."),
    OpenApiParameter("until", str, description="The last day, with period=dates."),
    OpenApiParameter("zone", str, enum=["team"], description="Days of the team's zone."),
    OpenApiParameter("clock", str, enum=[*ClockKind.values, ALL], description="First touch."),
    OpenApiParameter("team", str, description="Its id."),
    OpenApiParameter("rep", str, description="The rep's id."),
    OpenApiParameter("source", str, description="The leads' source."),
    OpenApiParameter("campaign", str, description="Its id."),
    OpenApiParameter("tier", str, enum=list("ABCD")),
    OpenApiParameter("by", str, enum=list(promises.BY), description="What the lines are of."),
    OpenApiParameter("at", str, description="As of this moment, as in 2026-03-04T10:00:00Z."),
]


class SlaReport(APIView):
    """How promises were kept: the SLA report's numbers."""

    permission_classes = [MayReadLeads]

    @extend_schema(parameters=FILTERS, responses=ReportOutput, operation_id="reports_sla")
    def get(self, request):
        user = Everything() if isinstance(request.user, Source) else request.user
        form = PromiseFilter(request.query_params, user=user, now=timezone.now())
        if not form.is_valid():
            problems: Any = {name: list(said) for name, said in form.errors.items()}
            raise exceptions.ValidationError(problems)
        (since, until), clocks = form.span(), form.clocks()
        return Response(
            ReportOutput(
                {
                    "since": since,
                    "until": until,
                    "as_of": form.now,
                    "zone": str(form.days_in),
                    "clock": form.kind,
                    "by": form.lines_by,
                    "total": promises.numbers(clocks, now=form.now),
                    "before": promises.numbers(form.clocks(form.before()), now=form.now),
                    "mqls": promises.numbers(
                        promises.of_mqls(form.clocks(every=True)), now=form.now
                    ),
                    "lines": promises.lines(clocks, form.lines_by, now=form.now),
                }
            ).data
        )


def _seconds(duration):
    return None if duration is None else duration.total_seconds()
