from django.contrib import admin

from leads.admin.base import RowInline
from leads.admin.versioned import VersionedAdmin
from leads.conditions import words
from routing.models import Rule, RuleSet, RuleSetNotDraft


class RuleInline(RowInline):
    model = Rule
    verbose_name_plural = "Rules"
    guide = "Rules are tried in the order of their positions; the first whose segment fits decides."
    fieldsets = [(None, {"fields": [("position", "label", "segment", "pool", "method")]})]


@admin.register(RuleSet)
class RuleSetAdmin(VersionedAdmin):
    about = "Which pool gets a lead, and how its reps take turns."
    list_display = ("__str__", "standing", "catch_all", "published_by", "published_at", "note")
    list_select_related = ("catch_all", "published_by")
    list_filter = ("state",)
    inlines = [RuleInline]
    fields = ("note", "catch_all")
    publish_permission = "routing.publish_ruleset"
    refusals = (RuleSetNotDraft,)

    def new_draft(self, version, *, by):
        return RuleSet.draft_from_live()

    def adds_from_live(self):
        return RuleSet.objects.live() is not None

    def in_words(self, form):
        methods = dict(Rule.Method.choices)
        rules = [
            f"{rule['label']}: {words.sentence(rule['when'])}. "
            f"{rule['pool_name']}, {methods[rule['method']].lower()}."
            for rule in form["rules"]
        ]
        return [("Tried in this order; the first that fits decides", rules)]
