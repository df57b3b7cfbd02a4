"""Routing adds to a user's page what makes them a rep."""

from django.contrib import admin, messages
from django.urls import reverse
from django.utils.html import format_html

from leads.admin.base import PlainChoices
from leads.admin.user import UserAdmin
from leads.models import User
from routing.models import Handoff, Rep
from routing.models.reassignment import OWNED


class RepInline(PlainChoices, admin.StackedInline):
    model = Rep
    max_num = 1
    can_delete = False
    verbose_name = "rep: only for people who work leads"
    classes = ["single"]
    fields = ("team", "calendar", "in_rotation")

    def get_extra(self, request, obj=None, **kwargs):
        return 0 if obj and hasattr(obj, "rep") else 1


admin.site.unregister(User)


@admin.register(User)
class UserWithRepAdmin(UserAdmin):
    list_display = (*UserAdmin.list_display[:3], "team", *UserAdmin.list_display[3:])
    list_select_related = ("rep__team",)
    inlines = [*UserAdmin.inlines, RepInline]

    @admin.display(ordering="rep__team__name")
    def team(self, user):
        return user.rep.team if hasattr(user, "rep") else None

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            self._say_what_they_leave(request, obj)

    def _say_what_they_leave(self, request, user):
        held = Handoff.objects.filter(owner__user=user, state__in=OWNED).count()
        if held:
            said = "{} still holds {} open {}. <a href='{}?with=rep-{}'>Give them to somebody</a>"
            leads = "lead" if held == 1 else "leads"
            url = reverse("portal:team-leads")
            told = format_html(said, user, held, leads, url, user.rep.pk)
            self.message_user(request, told, messages.WARNING)
