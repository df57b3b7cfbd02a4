from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from handoff_project.portal.team import manages
from leads.models import Delivery, Qualification
from sla import inbox


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; those gone to seldom stand in the person's menu, so that the
    bar has room for what is used all day."""

    name: str
    label: str
    url: str
    count: int = 0  # what waits there for this person; 0 is not shown
    seldom: bool = False
    pages: tuple[str, ...] = ()  # others that belong to it


PAGES = {
    "sla-report": (
        *("sla-rows", "funnel", "funnel-rows", "feedback", "feedback-rows"),
        *("gut-reads", "gut-rows", "joint-reviews", "joint-review"),
        *("agreement", "agreement-rows", "agreement-draft"),
    )
}


def frame(request):
    """What the frame of every page shows: unread notices and where this person may go."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    unread = Delivery.objects.visible_to(user).unread()
    return {
        "unread_count": SimpleLazyObject(unread.count),
        "places": SimpleLazyObject(lambda: places(user)),
    }


def places(user):
    """Return the navigation of this person's roles. What they may see is decided by each page."""
    found = [("leads", "Leads"), ("sla-report", "Reports"), ("definition", "Definition")]
    if user.has_perm("sla.view_board"):
        found.insert(1, ("board", "SLA board"))
        found.insert(2, ("escalations", "Escalations"))
    if hasattr(user, "rep"):
        found.insert(0, ("queue", "Queue"))
    if hasattr(user, "rep") or manages(user):
        found.insert(1, ("follow-ups", "Follow-ups"))
        found.append(("workload", "Team"))
    entries = [
        Place(
            name, label, reverse(f"portal:{name}"), _waiting(name, user), pages=PAGES.get(name, ())
        )
        for name, label in found
    ]
    if hasattr(user, "rep"):
        entries.append(Place("my-numbers", "My numbers", reverse("portal:my-numbers"), seldom=True))
    if user.has_perm("leads.decide_qualification"):
        entries.append(_to_decide())
        entries.append(Place("questions", "Questions", reverse("portal:questions"), seldom=True))
    if user.has_perm("leads.view_every_lead"):
        entries.append(Place("stuck", "Stuck leads", reverse("portal:stuck"), seldom=True))
    if user.has_perm("leads.audit_leads") or user.has_perm("leads.audit_settings"):
        entries.append(Place("audit", "Audit", reverse("portal:audit"), seldom=True))
    if user.has_perm("reporting.view_health"):
        entries.append(Place("health", "Health", reverse("portal:health"), seldom=True))
    if user.has_perm("leads.use_admin"):
        entries.append(Place("admin", "Admin", reverse("admin:index")))
    return entries


def _waiting(name, user):
    """How many open escalations wait for this person; of other places nothing is counted."""
    if name != "escalations":
        return 0
    return inbox.listed(user, inbox.OPEN, now=timezone.now()).order_by().count()


def _to_decide():
    """The leads on which this person has the last word."""
    waiting = Qualification.objects.waiting().count()
    return Place("decide", "To decide", reverse("admin:leads_qualification_changelist"), waiting)
