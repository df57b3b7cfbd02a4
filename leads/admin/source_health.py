"""The health of connections, and what each source sent that could not be stored."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from leads.intake import health, replay
from leads.models import Delivery, RefusedEvent, Source

SHOWN = 50  # refused events on one page


class HealthPages:
    """Mixed into the admin of sources: who may see sources looks, who may change them decides."""

    # /admin/leads/source/
    def get_urls(self):
        pages = {
            "health/": ("health", self.health_view),
            "<int:pk>/refused/": ("refused", self.refused_view),
            "<int:pk>/refused/replays/": ("replays", self.replays_view),
            "<int:pk>/refused/dismissals/": ("dismissals", self.dismissals_view),
        }
        wrap = self.admin_site.admin_view
        ours = [
            path(route, wrap(view), name=f"leads_source_{name}")
            for route, (name, view) in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def health_view(self, request):
        """GET: every source with what came lately."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = health.of_sources(Source.objects.all(), now=timezone.now())
        context = {
            "title": "Health of connections",
            "found": found,
            "dead": Delivery.objects.filter(state=Delivery.State.DEAD).count(),
            "may_see_deliveries": request.user.has_perm("leads.view_delivery"),
        }
        return self._page(request, "admin/source_health.html", context)

    def refused_view(self, request, pk):
        """GET: the reasons, and the events of one of them or of all."""
        source = self._seen(request, pk)
        waiting = source.refused_events.open()
        reason = request.GET.get("reason", "")
        rows = waiting.filter(reason=reason) if reason else waiting
        page = Paginator(rows.order_by("-received_at", "-pk"), SHOWN)
        context = {
            "title": f"What {source} sent and could not be stored",
            "original": source,
            "reasons": waiting.reasons(),
            "reason": reason,
            "page": page.get_page(request.GET.get("p")),
            "may_decide": self.has_change_permission(request, source),
            "settled": source.refused_events.exclude(state=RefusedEvent.State.OPEN).count(),
        }
        return self._page(request, "admin/source_refused.html", context)

    def replays_view(self, request, pk):
        """POST: send one, or all of a reason, through the intake again."""
        source, rows = self._chosen(request, pk)
        if rows is None:
            return HttpResponseNotAllowed(["POST"])
        became = replay.replay_all(rows, by=request.user, now=timezone.now())
        left = rows.open().filter(partly=False).count()
        told = ", ".join(
            f"{became[what]:,} {what}" for what in (replay.STORED, replay.DUPLICATE, replay.AGAIN)
        )
        told += f". {left:,} of these are left." if left else "."
        level = messages.WARNING if became[replay.AGAIN] or not became else messages.SUCCESS
        self.message_user(request, f"Replayed: {told}", level)
        self.log_change(request, source, f"Replayed refused events: {told}")
        return self._back(request, source)

    def dismissals_view(self, request, pk):
        """POST: decide that one, or all of a reason, need not be stored."""
        source, rows = self._chosen(request, pk)
        if rows is None:
            return HttpResponseNotAllowed(["POST"])
        count = rows.settle(RefusedEvent.State.DISMISSED, by=request.user, now=timezone.now())
        self.message_user(request, f"Dismissed: {count:,}.")
        self.log_change(request, source, f"Dismissed {count:,} refused events.")
        return self._back(request, source)

    def _seen(self, request, pk):
        source = self.get_object(request, str(pk))
        if not self.has_view_permission(request, source):
            raise PermissionDenied
        if source is None:
            raise Http404
        return source

    def _chosen(self, request, pk):
        """Return the source and the refused events that were chosen; None if this is no POST."""
        source = self._seen(request, pk)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        if request.method != "POST":
            return source, None
        one, reason = request.POST.get("event", ""), request.POST.get("reason", "")
        if one.isdecimal() and len(one) < 19:
            return source, source.refused_events.filter(pk=one)
        if not reason:
            raise Http404
        return source, source.refused_events.filter(reason=reason)

    def _back(self, request, source):
        """Return to the list as it was, or to all of it if its reason is done with."""
        url = reverse("admin:leads_source_refused", args=[source.pk])
        reason = request.POST.get("showing", "")
        if reason and source.refused_events.open().filter(reason=reason).exists():
            url += f"?{urlencode({'reason': reason})}"
        return redirect(url)

    def _page(self, request, template, context):
        known = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, template, known | context)
