from django.contrib import admin, messages
from django.utils import timezone

from leads import changes
from leads.admin.base import HandoffModelAdmin, state_tag
from leads.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(HandoffModelAdmin):
    """The outbox. Messages are read here, and what was given up is sent once more."""

    about = "Every message that went out, waits or was given up; dead ones can be sent again."
    list_display = (
        "subject",
        "to",
        "channel",
        "standing",
        "attempts",
        "available_at",
        "last_error",
    )
    list_select_related = ("recipient", "endpoint")
    list_filter = ("state", "channel", ("endpoint", admin.RelatedOnlyFieldListFilter))
    search_fields = ("recipient__email", "address", "payload__subject")
    ordering = ("-pk",)
    actions = ["send_again", "release", "discard"]
    fields = (
        "to",
        "channel",
        "address",
        "subject",
        "body",
        "standing",
        "attempts",
        "last_error",
        "available_at",
        "sent_at",
        "read_at",
    )

    @admin.display(ordering="payload__subject")
    def subject(self, delivery):
        return delivery.payload["subject"]

    def body(self, delivery):
        return delivery.payload["body"]

    @admin.display(ordering="address")
    def to(self, delivery):
        return delivery.endpoint or delivery.recipient

    @admin.display(description="state", ordering="state")
    def standing(self, delivery):
        return state_tag(delivery)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        """Nobody edits a message; the action below asks without one."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description="Send again what was given up", permissions=["change"])
    def send_again(self, request, queryset):
        self._noted(request, queryset.dead(), "Sent again.")
        again = queryset.send_again(now=timezone.now())
        self.message_user(request, f"Messages that will be sent again: {again}.")
        if left := queryset.dead().count():
            messages.warning(
                request, f"For endpoints that are switched off, and therefore not sent: {left}."
            )

    @admin.action(description="Send what is held after a restore", permissions=["change"])
    def release(self, request, queryset):
        released = self._noted(request, queryset.held(), "Released.").release(now=timezone.now())
        self.message_user(request, f"Messages that will be sent: {released}.")

    @admin.action(description="Do not send what is held after a restore", permissions=["change"])
    def discard(self, request, queryset):
        discarded = self._noted(request, queryset.held(), "Discarded.").discard()
        self.message_user(request, f"Messages that are not sent any more: {discarded}.")

    def _noted(self, request, deliveries, told):
        """Keep who decided this about these; return them."""
        changes.note(deliveries, by=request.user, told=told)
        return deliveries
