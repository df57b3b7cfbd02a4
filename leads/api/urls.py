from django.urls import path

from leads.api import views

app_name = "api"

# /api/v1/
urlpatterns = [
    path("leads/", views.Leads.as_view(), name="leads"),
    path("leads/<int:pk>/", views.LeadDetail.as_view(), name="lead"),
    path("touchpoints/", views.Touchpoints.as_view(), name="touchpoints"),
]
