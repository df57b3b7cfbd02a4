from django.contrib import admin
from django.urls import include, path, re_path

from handoff_project.portal import accounts, health
from handoff_project.simulator import views as simulator
from leads.api import segment
from reporting.api.feedback import FeedbackReport
from reporting.api.funnel import FunnelReport
from reporting.api.sla import SlaReport

handler500 = "handoff_project.portal.failures.failed"

urlpatterns = [
    path("", include("handoff_project.portal.urls")),
    path("accounts/", include(accounts.urlpatterns)),
    path("api/v1/reports/sla/", SlaReport.as_view(), name="api-sla-report"),
    path("api/v1/reports/feedback/", FeedbackReport.as_view(), name="api-feedback"),
    path("api/v1/reports/funnel/", FunnelReport.as_view(), name="api-funnel"),
    path("api/v1/", include("leads.api.urls")),
    path("api/v1/", include("routing.api.urls")),
    path("api/v1/", include("sla.api.urls")),
    path("admin/routing/ruleset/<int:pk>/simulation/", simulator.simulate, name="simulation"),
    path("admin/routing/ruleset/<int:pk>/past-week/", simulator.past_week, name="past-week"),
    path("admin/", admin.site.urls),
    path("livez", health.live, name="livez"),
    path("readyz", health.ready, name="readyz"),
    # Under any prefix, with or without a slash at the end, and never by a redirect: a client that
    # is redirected takes the answer to a GET for success and forgets its events.
    re_path(
        r"^(?:[\w./-]+/)?v1/(?P<kind>batch|b|identify|track|page|screen|group|alias|[itpsga])/?$",
        segment.intake,
        name="segment-intake",
    ),
]
