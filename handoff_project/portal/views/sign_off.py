"""The steps of a definition: put up for sign-off, signed, taken back, published, reviewed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from handoff_project.portal.forms import PublicationForm, WithdrawalForm
from leads.models import MQLDefinition, NotApprovable, NotPublishable, Side, side_of

MAY_EDIT = "leads.change_mqldefinition"
MAY_PUBLISH = "leads.publish_mqldefinition"
SIGNED = {
    Side.MARKETING: "You approved it for marketing.",
    Side.SALES: "You approved it for sales.",
}


def standing(version, user):
    """Return what the page tells of the sign-off: who signed, and what this user may do."""
    side = side_of(user)
    missing = version.missing_sides() if version.in_review else []
    signed = {approval.side: approval for approval in version.approvals.select_related("user")}
    return {
        "sides": [(one.label, signed.get(one)) for one in Side],
        "signs_for": side if side in missing else None,
        "may_submit": version.is_draft and user.has_perm(MAY_PUBLISH),
        "may_withdraw": version.in_review and _may_withdraw(user),
        "may_publish": version.in_review and not missing and user.has_perm(MAY_PUBLISH),
        "publication": PublicationForm(initial={"at": version.publish_at}),
        "withdrawal": WithdrawalForm(),
    }


def _may_withdraw(user):
    """Who could edit it, and who is asked to sign it."""
    return user.has_perm(MAY_EDIT) or side_of(user) is not None


@require_POST
def submit(request, version):
    found = _visible(request, version, allowed=request.user.has_perm(MAY_PUBLISH))
    return _step(request, found, "submit", "It waits for both signatures now.")


@require_POST
def approve(request, version):
    found = _visible(request, version)
    return _step(request, found, "approve", SIGNED.get(side_of(request.user), ""))


@require_POST
def withdraw(request, version):
    found = _visible(request, version, allowed=_may_withdraw(request.user))
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["note"])))
        return redirect("portal:definition-version", version=version)
    told, note = "It is a draft again; both sides sign anew.", form.cleaned_data["note"]
    return _step(request, found, "withdraw", told, note=note)


@require_POST
def publish(request, version):
    """Publish now, or at the moment that the form names; an empty one takes a plan back."""
    found = _visible(request, version, allowed=request.user.has_perm(MAY_PUBLISH))
    if "now" in request.POST:
        told = "It holds from now on. Every lead is scored anew in the background."
        return _step(request, found, "publish", told)
    form = PublicationForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["at"])))
        return redirect("portal:definition-version", version=version)
    at = form.cleaned_data["at"]
    told = "It is published then, if both have signed." if at else "It is not published by itself."
    return _step(request, found, "schedule", told, at=at)


@require_POST
def review(request, version):
    """One who signs for a side looked at the live version, and keeps it."""
    found = _visible(request, version, allowed=side_of(request.user) is not None)
    return _step(request, found, "review", "It is noted that you reviewed it today and keep it.")


def _visible(request, version, *, allowed=True):
    versions = MQLDefinition.objects.visible_to(request.user)
    found = get_object_or_404(versions, version=version)
    if not allowed:
        raise PermissionDenied
    return found


def _step(request, version, verb, told, **more):
    """Take one step, or say why not; then show where the version stands."""
    try:
        getattr(version, verb)(by=request.user, now=timezone.now(), **more)
    except (NotPublishable, NotApprovable) as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{version}: {told}")
    # A draft is not for those who only sign.
    if MQLDefinition.objects.visible_to(request.user).filter(pk=version.pk).exists():
        return redirect("portal:definition-version", version=version.version)
    return redirect("portal:definition")
