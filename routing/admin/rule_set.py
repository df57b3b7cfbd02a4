from django.contrib import admin
from django.core.exceptions import ValidationError
from django.shortcuts import redirect

from leads.admin import ordered
from leads.admin.base import drawn, page_of
from leads.admin.versioned import VersionedAdmin
from leads.conditions import registry
from leads.text import whole
from routing import checks, words
from routing.admin.rules import RuleInline
from routing.models import RuleSet, RuleSetNotDraft


@admin.register(RuleSet)
class RuleSetAdmin(VersionedAdmin):
    about = "Who gets a lead: rules in order, each with whom it asks, how and within which limits."
    change_form_template = "admin/rule_set_form.html"
    list_display = ("__str__", "standing", "catch_all", "published_by", "published_at", "note")
    list_select_related = ("catch_all", "published_by")
    list_filter = ("state",)
    inlines = [RuleInline]
    fields = ("note", "catch_all")
    drafted_from = ("published", "retired")
    publish_permission = "routing.publish_ruleset"
    refusals = (RuleSetNotDraft,)

    def new_draft(self, version, *, by):
        return version.draft_from_this() if version else RuleSet.draft_from_live()

    def adds_from_live(self):
        return RuleSet.objects.live() is not None

    def in_words(self, form):
        return words.in_words(form)

    # The page of a version

    def changeform_view(self, request, *args, **kwargs):
        with registry.read_once():
            return drawn(super().changeform_view(request, *args, **kwargs))

    def more(self, request, version, form, context):
        found = {"inlines": context["inline_admin_formsets"]}
        if form is None:
            return found
        if version.is_draft:
            found["odd"] = checks.warnings(form, today=context["now"].date())
        return found | _compared(version, form, request.GET.get("against", ""))

    def get_formset_kwargs(self, request, obj, inline, prefix):
        """Of many rules, the fields of one are shown: `?unfold=` its id."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        return kwargs | {"form_kwargs": {"unfolded": request.GET.get("unfold", "")}}

    # What saving does

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        ordered.number(form.instance.rules.order_by("position", "pk"))

    def response_change(self, request, obj):
        if "_unfold" in request.POST:
            wanted = whole(request.POST["_unfold"]) or 0
            return redirect(f"{page_of(obj)}?unfold={wanted}#rule-{wanted}")
        rules = obj.rules.order_by("position", "pk")
        move = ordered.moved(self, request, obj, rules, alike=lambda rule: None)
        return move or super().response_change(request, obj)


def _compared(version, form, wanted):
    """What is different from the version that is asked for, and which ones there are to choose."""
    others = list(RuleSet.objects.exclude(pk=version.pk).order_by("-version"))
    chosen = next((one for one in others if str(one.version) == wanted), None)
    against = chosen or _before(version, others)
    if against is None:
        return {}
    found = {"against": against, "others": others}
    try:
        return found | {"differences": words.differences(against.readable(), form)}
    except ValidationError as error:
        return found | {"incomparable": error.messages}


def _before(version, others):
    """What is compared with unless one is chosen: what is live, and of that the one before."""
    if version.state != RuleSet.State.PUBLISHED:
        live = next((one for one in others if one.state == RuleSet.State.PUBLISHED), None)
        if live or version.is_draft:
            return live
    return next((one for one in others if one.version < version.version and one.compiled), None)
