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


class HeldOutput(AnswersOutput):
    """The numbers of a line; of a clause also how its leads fared beside those without it."""

    others = AnswersOutput(required=False)
    alone = serializers.IntegerField(required=False, help_text="Would not have passed without it.")
    excess = serializers.FloatField(required=False, allow_null=True)
    difference = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        help_text="Of the two rates: 95 % interval, low and high.",
    )
    is_worse = serializers.BooleanField(required=False, help_text="low is above 0")


class AnswersLineOutput(serializers.Serializer):
    """The numbers of one reason, source, campaign, tier, team, rep, definition or clause.

    Of a reason `answered` is the total's: its share is its part of the rejection rate. Clauses do
    not add up to the total: a lead counts for each that let it in.
    """

    key = serializers.CharField()
    label = serializers.CharField()
    numbers = HeldOutput()


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
    OpenApiParameter("reason", str, description="Its id: rejections for it alone count."),
    OpenApiParameter("by", str, enum=list(AnswerFilter.WAYS), description="What the lines are of."),
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
            "lines": form.lines(found),
            "trend": answers.trend(found, since=since, until=until, zone=form.days_in),
        }
        return Response(FeedbackOutput(said).data)
