from django.contrib import admin, messages
from django.urls import reverse
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, ReadOnly, state_tag
from leads.models import Lead
from routing import cleaning
from routing.models import CleanUpItem, Refused

MAY_DECIDE = "routing.decide_clean_up"


@admin.register(CleanUpItem)
class CleanUpItemAdmin(ReadOnly, HandoffModelAdmin):
    """What the month's clean-up proposes; a marketer answers for many at once, and can undo it."""

    about = "Once a month: MQLs that nobody has moved for long. Confirm, keep, or undo in bulk."
    page_name = "Monthly clean-up"
    change_list_template = "admin/clean_up_list.html"
    list_display = ("lead", "company", "since", "status", "answer", "decided_by")
    list_select_related = ("lead__company", "clean_up", "decided_by")
    list_filter = ("state", "clean_up")
    search_fields = ("lead__email", "lead__name", "lead__company__name")
    actions = ("let_rest", "keep", "undo")
    fields = ("lead", "since", "month", "answer", "decided_by", "decided_at")

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": self.page_name} | (extra_context or {}))

    def get_queryset(self, request):
        leads = Lead.objects.known().visible_to(request.user)
        return super().get_queryset(request).filter(lead__in=leads)

    def has_decide_permission(self, request):
        return request.user.has_perm(MAY_DECIDE)

    def view_on_site(self, item):
        return reverse("portal:lead", args=[item.lead_id])

    @admin.display(ordering="lead__company__name")
    def company(self, item):
        return item.lead.company

    @admin.display(description="status now")
    def status(self, item):
        return item.lead.get_status_display()

    @admin.display(ordering="clean_up__month")
    def month(self, item):
        return str(item.clean_up)

    @admin.display(ordering="state")
    def answer(self, item):
        return state_tag(item)

    @admin.action(description="Let the selected leads rest", permissions=["decide"])
    def let_rest(self, request, queryset):
        self._each(request, queryset, cleaning.let_rest, "At rest")

    @admin.action(description="Keep the selected leads as they are", permissions=["decide"])
    def keep(self, request, queryset):
        self._each(request, queryset, cleaning.keep, "Kept as they are")

    @admin.action(description="Undo the answer to the selected leads", permissions=["decide"])
    def undo(self, request, queryset):
        self._each(request, queryset, cleaning.undo, "Put back")

    def _each(self, request, queryset, verb, told):
        """Answer one by one, each in a transaction of its own; say what was refused and why."""
        done, refused = 0, []
        for item in queryset:
            try:
                verb(item, by=request.user, now=timezone.now())
            except Refused as error:
                refused.append(str(error))
            else:
                done += 1
                self.log_change(request, item, told)
        if done:
            self.message_user(request, f"{told}: {done} lead{'' if done == 1 else 's'}.")
        for why in refused[:5]:
            self.message_user(request, why, messages.WARNING)
        if len(refused) > 5:
            more = f"And {len(refused) - 5} more could not be done."
            self.message_user(request, more, messages.WARNING)
