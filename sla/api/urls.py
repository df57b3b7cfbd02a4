from django.urls import path

from sla.api import clocks
from sla.api.simulations import Simulations

app_name = "sla-api"

# /api/v1/
urlpatterns = [
    path("clocks/", clocks.Clocks.as_view(), name="clocks"),
    path("clocks/<int:pk>/", clocks.ClockDetail.as_view(), name="clock"),
    path("simulations/", Simulations.as_view(), name="simulations"),
]
