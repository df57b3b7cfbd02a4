from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff_project.portal.forms import sent
from handoff_project.portal.notice_forms import NoticesForm
from leads.models import Delivery, Lead, User

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


@require_safe
def bell(request):
    """The bell again if it counts something else than `?shown=`, else 204."""
    unread = Delivery.objects.visible_to(request.user).unread().count()
    if request.GET.get("shown") == str(unread):
        return HttpResponse(status=204)
    return render(request, "portal/_bell.html", {"unread_count": unread})


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request):
    """What this person is told, how and when."""
    user = User.objects.get(pk=request.user.pk)
    form = NoticesForm(sent(request), instance=user)
    if form.is_valid():
        form.save()
        messages.success(request, "Saved. It holds for everything that happens from now on.")
        return redirect("portal:notification-preferences")
    return render(
        request,
        "portal/notification_preferences.html",
        {"form": form, "now": timezone.now()},
        status=422 if form.errors else 200,
    )
