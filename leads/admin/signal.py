from django import forms
from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import Signal, Touchpoint


class SignalForm(forms.ModelForm):
    kind = forms.ChoiceField(
        choices=[("", "---------"), *Touchpoint.Kind.choices],
        help_text="The kind of touchpoint that shows the signal.",
    )


@admin.register(Signal)
class SignalAdmin(HandoffModelAdmin):
    """Signals are switched off, never deleted: published definitions may count them."""

    about = "Named pieces of behaviour, recognised when a touchpoint arrives."
    form = SignalForm
    list_display = ("name", "kind_in_words", "event", "path_prefix", "is_active")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "key", "description")
    prepopulated_fields = {"key": ("name",)}
    fieldsets = [
        (None, {"fields": ["name", "key", "description", "is_active"]}),
        (
            "Shown by",
            {
                "description": "A touchpoint shows the signal when its kind and everything else "
                "that is given here match. It is looked at once, when it arrives: a change here "
                "counts from now on.",
                "fields": ["kind", "event", "path_prefix"],
            },
        ),
    ]

    @admin.display(description="shown by", ordering="kind")
    def kind_in_words(self, signal):
        return dict(Touchpoint.Kind.choices).get(signal.kind, signal.kind)

    def get_readonly_fields(self, request, obj=None):
        return ("key",) if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request, obj=None):
        return False
