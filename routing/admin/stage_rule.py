from django.contrib import admin

from routing.admin.team import KeptAdmin
from routing.models import StageRule


@admin.register(StageRule)
class StageRuleAdmin(KeptAdmin):
    about = "What happens to leads that stay too long in a stage. Done once for each stay."
    list_display = ("stage", "days", "does", "note", "is_active")
    list_display_links = ("stage", "days")
    list_select_related = ("stage", "to_rep__user", "to_pool")
    list_filter = ("is_active", "stage", "action")
    fieldsets = [
        (None, {"fields": ["stage", "days", "action", "is_active"]}),
        ("Plan a follow-up", {"fields": ["kind"]}),
        ("Give the lead to somebody else", {"fields": ["to_rep", "to_pool"]}),
        ("Tell people", {"fields": ["told"]}),
        ("What is said", {"fields": ["note"]}),
    ]

    @admin.display(description="what happens")
    def does(self, rule):
        return rule.does()
