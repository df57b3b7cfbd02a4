"""Two leads that are one person become one, and two again if that was wrong."""

from leads.merging.holding import NotMergeable
from leads.merging.joining import merge
from leads.merging.parting import undo

__all__ = ["NotMergeable", "merge", "undo"]
