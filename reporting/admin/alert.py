from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from reporting.models import ResponseAlert


@admin.register(ResponseAlert)
class ResponseAlertAdmin(HandoffModelAdmin):
    """From when on it is said that first touches slow down."""

    about = "From when on managers are told that first touches take longer than before."
    list_display = ("__str__", "is_on", "longer", "fewest")
    fields = ("is_on", "longer", "fewest")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
