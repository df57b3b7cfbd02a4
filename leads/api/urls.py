from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from leads.api import merges, views
from leads.api.companies import Companies, CompanyDetail
from leads.api.identify import Identify

app_name = "api"

# /api/v1/
urlpatterns = [
    path("leads/", views.Leads.as_view(), name="leads"),
    path("leads/<int:pk>/", views.LeadDetail.as_view(), name="lead"),
    path("leads/<int:pk>/merges/", merges.Merges.as_view(), name="merges"),
    path("touchpoints/", views.Touchpoints.as_view(), name="touchpoints"),
    path("identify/", Identify.as_view(), name="identify"),
    path("companies/", Companies.as_view(), name="companies"),
    path("companies/<int:pk>/", CompanyDetail.as_view(), name="company"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
]
