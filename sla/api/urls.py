from django.urls import path

from sla.api.simulations import Simulations

app_name = "sla-api"

# /api/v1/
urlpatterns = [path("simulations/", Simulations.as_view(), name="simulations")]
