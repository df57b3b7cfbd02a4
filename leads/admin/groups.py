from leads.admin.base import RowInline
from leads.models import RuleGroup


class RuleGroupInline(RowInline):
    model = RuleGroup
    verbose_name_plural = "Caps on groups of rules"
    guide = (
        "Rules of a group give no more than its cap together. Save a new group before you choose "
        "it in a rule."
    )
    fieldsets = [(None, {"fields": [("name", "kind", "cap")]})]
