"""News that the apps above may act on, sent inside the transaction that made it true."""

from django.dispatch import Signal

# A lead met the live definition. Arguments: qualification, now.
lead_qualified = Signal()
