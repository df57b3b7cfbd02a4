from django.urls import path

from leads.api import merges, views

app_name = "api"

# /api/v1/
urlpatterns = [
    path("leads/", views.Leads.as_view(), name="leads"),
    path("leads/<int:pk>/", views.LeadDetail.as_view(), name="lead"),
    path("leads/<int:pk>/merges/", merges.Merges.as_view(), name="merges"),
    path("touchpoints/", views.Touchpoints.as_view(), name="touchpoints"),
]
