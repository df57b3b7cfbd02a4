from django.contrib.admin import AdminSite
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode


class HandoffAdminSite(AdminSite):
    """The admin, for whoever's role lets them in; it shares the portal's log-in."""

    site_header = "Handoff"
    site_title = "Handoff"
    index_title = "Settings and definitions"
    site_url = "/"

    def has_permission(self, request):
        return request.user.is_active and request.user.has_perm("leads.use_admin")

    def login(self, request, extra_context=None):
        if request.user.is_authenticated:
            return redirect("portal:home")
        wanted = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        return redirect(f"{reverse('account_login')}?{wanted}")
