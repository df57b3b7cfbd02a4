"""What reporting does when a draft is edited or a lead erased, inside that transaction."""

from django.dispatch import receiver

from leads.signals import draft_saved, lead_erased
from reporting.models import PreviewRun, Verdict


@receiver(draft_saved, dispatch_uid="reporting.preview_draft")
def preview_draft(sender, definition, by, now, **kwargs):
    """The exact preview follows what is saved, without anybody asking for it."""
    PreviewRun.objects.follow(definition, by=by, now=now)


@receiver(lead_erased, dispatch_uid="reporting.erase")
def forget_verdicts(sender, lead, **kwargs):
    """The verdicts of joint reviews stay, without what was written about the person."""
    noted = Verdict.objects.filter(item__handoff__lead=lead).exclude(note="")
    return {"notes of joint reviews": noted.update(note="")}
