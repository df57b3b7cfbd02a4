from django.contrib import admin

from leads.admin.base import HandoffModelAdmin, ReadOnly
from leads.models import ErasureLedger


@admin.register(ErasureLedger)
class ErasureLedgerAdmin(ReadOnly, HandoffModelAdmin):
    """Who was erased stands here as a number alone; rows are added, never changed."""

    about = "Who was erased, when, by whom and why; their addresses are kept as keyed hashes alone."
    list_display = ("erased_at", "lead", "actor", "source", "reason")
    list_select_related = ("lead", "actor", "source")
    fields = ("erased_at", "lead", "actor", "source", "reason", "emptied")

    @admin.display(description="emptied")
    def emptied(self, erasure):
        return ", ".join(f"{count:,} {what}" for what, count in erasure.counts.items())
