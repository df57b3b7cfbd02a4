"""What the reports of the API share: who reads what, how it is asked, how an answer begins."""

from datetime import UTC
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, serializers
from rest_framework.views import APIView

from leads.api.permissions import MayReadLeads
from leads.models import Source
from reporting.asking import PERIODS

COMMON = [
    OpenApiParameter("period", str, enum=list(PERIODS), description="30 days unless said."),
    OpenApiParameter("since", str, description="The first day, with period=dates."),
    OpenApiParameter("until", str, description="The last day, with period=dates."),
    OpenApiParameter("zone", str, enum=["team"], description="Days of the team's zone."),
    OpenApiParameter("team", str, description="Its id."),
    OpenApiParameter("rep", str, description="The rep's id."),
    OpenApiParameter("source", str, description="The leads' source."),
    OpenApiParameter("campaign", str, description="Its id."),
    OpenApiParameter("tier", str, enum=list("ABCD")),
    OpenApiParameter("at", str, description="As of this moment, as in 2026-03-04T10:00:00Z."),
]


class Everything:
    """What a source with leads:read reads: all, in UTC."""

    tzinfo = UTC
    is_authenticated = True

    def has_perm(self, name):
        return True


class HeadOutput(serializers.Serializer):
    """What a report is of: [since, until), as of a moment."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    as_of = serializers.DateTimeField()
    zone = serializers.CharField(help_text="In which days begin.")
    by = serializers.CharField()


class Report(APIView):
    """The numbers of a page, by the same filters."""

    permission_classes = [MayReadLeads]
    filter_class: Any

    def asked(self, request):
        """Return the valid form of what is asked for; answer 400 and name the field otherwise."""
        user = Everything() if isinstance(request.user, Source) else request.user
        form = self.filter_class(request.query_params, user=user, now=timezone.now())
        if not form.is_valid():
            problems: Any = {name: list(said) for name, said in form.errors.items()}
            raise exceptions.ValidationError(problems)
        return form

    def head(self, form):
        """Return what HeadOutput says."""
        since, until = form.span()
        zone, by = str(form.days_in), form.lines_by
        return {"since": since, "until": until, "as_of": form.now, "zone": zone, "by": by}


def seconds(duration):
    """Return a duration as the API says it; None before there is any."""
    return None if duration is None else duration.total_seconds()
