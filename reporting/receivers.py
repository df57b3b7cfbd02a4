"""What reporting does when a draft is edited. Runs inside the transaction that saved it."""

from django.dispatch import receiver

from leads.signals import draft_saved
from reporting.models import PreviewRun


@receiver(draft_saved, dispatch_uid="reporting.preview_draft")
def preview_draft(sender, definition, by, now, **kwargs):
    """The exact preview follows what is saved, without anybody asking for it."""
    PreviewRun.objects.follow(definition, by=by, now=now)
