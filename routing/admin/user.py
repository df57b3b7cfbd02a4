"""Routing adds to a user's page what makes them a rep."""

from django.contrib import admin

from leads.admin.base import PlainChoices
from leads.admin.user import UserAdmin
from leads.models import User
from routing.models import Rep


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
