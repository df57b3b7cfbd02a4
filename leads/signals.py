"""News that the apps above may act on, sent inside the transaction that made it true."""

from django.dispatch import Signal

# A lead became an MQL. Arguments: qualification, now.
lead_qualified = Signal()

# A lead met the live definition, or nearly, and a person is asked. Arguments: qualification, now.
review_asked = Signal()

# A lead is erased: its own row is emptied already. Arguments: lead, by, now. Each receiver empties
# what its app holds of the person and returns `{what: how many rows}`.
lead_erased = Signal()

# A person declined a lead that waited. Arguments: qualification, now.
lead_declined = Signal()

# The text of a definition that is not live yet was saved, or put up for sign-off.
# Arguments: definition, by (None where nobody was named), now.
draft_saved = Signal()

# Two leads became one. Arguments: merge (its `moved` remembers what a receiver needs for the way
# back), by, now.
leads_merged = Signal()

# They are two again; what moved is back where it was. Arguments: merge, by, now.
leads_unmerged = Signal()

# Somebody asks what a merge would do; each receiver returns sentences. Arguments: survivor, other.
merge_foreseen = Signal()
