from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from leads.models import Delivery, Lead

PAGE = 25  # notices


@require_safe
def notifications(request):
    """What this person was told, newest first."""
    told = Delivery.objects.visible_to(request.user).select_related("event")
    page = Paginator(told.order_by("-available_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    leads = {notice.event.lead_id for notice in page}
    visible = Lead.objects.visible_to(request.user).filter(pk__in=leads)
    return render(
        request,
        "portal/notifications.html",
        {
            "page": page,
            "visible": set(visible.values_list("pk", flat=True)),
            "now": timezone.now(),
        },
    )


@require_POST
def reading(request):
    """Note that everything was read."""
    Delivery.objects.visible_to(request.user).unread().update(read_at=timezone.now())
    return redirect("portal:notifications")
