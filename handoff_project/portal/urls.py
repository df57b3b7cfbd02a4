from django.urls import path

from handoff_project.portal import health

app_name = "portal"
urlpatterns = [path("", health.live, name="home"), path("leads/<int:pk>/", health.live, name="lead")]
