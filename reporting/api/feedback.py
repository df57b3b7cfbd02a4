"""The feedback of sales over the API: the numbers of the page, by the same filters."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from reporting import answers
from reporting.api.report import COMMON, HeadOutput, Report
from reporting.filters import AnswerFilter


class AnswersOutput(serializers.Serializer):
    """How many handoffs were answered, and how many of them sent back."""

    answered = serializers.IntegerField(help_text="accepted + rejected")
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="rejected / answered")


class AnswersLineOutput(serializers.Serializer):
    """The numbers of one reason, source, campaign, tier, team, rep or definition.

    Of a reason `answered` is the total's: its share is its part of the rejection rate.
    """

    key = serializers.CharField()
    label = serializers.CharField()
    numbers = AnswersOutput()


class PointOutput(serializers.Serializer):
    """The numbers of one week, from Monday on, or month."""

    begins = serializers.DateField()
    numbers = AnswersOutput()


class FeedbackOutput(HeadOutput):
    """What reps answered after `since` and up to `until`, as of a moment."""

    total = AnswersOutput()
    before = AnswersOutput(help_text="The period before.")
    lines = AnswersLineOutput(many=True, help_text="Their rejections add up to the total's.")
    trend = PointOutput(many=True, help_text="By weeks, or by months beyond 17 weeks.")


FILTERS = [
    *COMMON,
    OpenApiParameter("by", str, enum=list(answers.BY), description="What the lines are of."),
]


class FeedbackReport(Report):
    """What reps answered in a period, and which leads they sent back."""

    filter_class = AnswerFilter

    @extend_schema(parameters=FILTERS, responses=FeedbackOutput, operation_id="reports_feedback")
    def get(self, request):
        form = self.asked(request)
        found, (since, until) = form.answers(), form.span()
        said = self.head(form) | {
            "total": answers.numbers(found),
            "before": answers.numbers(form.answers(form.before())),
            "lines": answers.lines(found, form.lines_by),
            "trend": answers.trend(found, since=since, until=until, zone=form.days_in),
        }
        return Response(FeedbackOutput(said).data)
