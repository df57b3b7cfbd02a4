from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import Play


@admin.register(Play)
class PlayAdmin(HandoffModelAdmin):
    about = "What reps may say, ask and send, by what a lead did or who it is."
    list_display = ("name", "segment", "signal", "opener", "is_active", "position")
    list_select_related = ("segment", "signal")
    list_filter = ("is_active",)
    search_fields = ("name", "opener")
    fieldsets = [
        (None, {"fields": ["name", "is_active", "position"]}),
        (
            "For whom",
            {
                "description": "Give one of the two. The first two plays that fit make the brief "
                "on a lead's page, the lowest position first.",
                "fields": ["segment", "signal"],
            },
        ),
        ("What to say and ask", {"fields": ["opener", *Play.QUESTIONS]}),
        ("What follows", {"fields": ["content", "next_step"]}),
    ]
