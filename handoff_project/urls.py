from django.contrib import admin
from django.urls import include, path

from handoff_project.portal import accounts, health

urlpatterns = [
    path("", include("handoff_project.portal.urls")),
    path("accounts/", include(accounts.urlpatterns)),
    path("api/v1/", include("leads.api.urls")),
    path("admin/", admin.site.urls),
    path("livez", health.live, name="livez"),
    path("readyz", health.ready, name="readyz"),
]
