"""A lead's history for reading: what it did, what was done about it, and what we noticed."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from leads.models import Event
from routing.models import FollowUp, Touch
from sla.models import ClockKind

LIMIT = 100  # entries that a page shows
KINDS = {"touchpoint": "The lead", "touch": "Sales", "event": "Handoff"}  # who did it

WORDS = {
    "leads.received": "Lead received",
    "leads.qualified": "Became an MQL",
    "leads.review_asked": "A marketer is asked",
    "leads.declined": "Declined by a marketer",
    "leads.erased": "Erased",
    "leads.consent_noted": "Consent noted",
    "leads.noted": "Note",
    "routing.opened": "Handed over to sales",
    "routing.routed": "Routed to {to}",
    "routing.accepted": "Accepted",
    "routing.checklist_answered": "Checklist answered",
    "routing.qualified": "Became an SQL",
    "routing.marketing_asked": "Asked marketing",
    "routing.marketing_answered": "Marketing answered",
    "routing.gut_read": "Gut read",
    "routing.opportunity_opened": "Opportunity opened",
    "routing.opportunity_changed": "Opportunity changed",
    "routing.opportunity_won": "Opportunity won",
    "routing.opportunity_lost": "Opportunity lost",
    "routing.opportunity_reopened": "Opportunity open again",
    "routing.rejected": "Rejected",
    "routing.recycled": "Recycled",
    "routing.woken": "Left nurture",
    "routing.withdrawn": "Withdrawn",
    "routing.reinstated": "Open again",
    "routing.reassigned": "Reassigned from {origin} to {to}",
    "routing.transferred": "Offered by {origin} to {to}",
    "routing.handed_back": "Handed back by {origin} to {to}",
    "routing.covered": "Moved from {origin}, who is away, to {to}",
    "routing.taken_back": "Taken back by {to}",
    "routing.snoozed": "Snoozed",
    "routing.snooze_ended": "No longer snoozed",
    "routing.skipped": "Skipped by {origin}",
    "leads.merged": "Merged",
    "leads.unmerged": "Told apart again",
    "routing.follow_up_created": "Planned: {what}",
    "routing.follow_up_done": "Done: {what}",
    "routing.follow_up_rescheduled": "Another time set: {what}",
    "routing.follow_up_cancelled": "No longer planned: {what}",
    "routing.cadence_started": "Cadence started",
    "sla.reminded": "Reminder sent: {clock} due soon",
    "sla.breached": "{clock} late",
    "sla.escalated": "{clock} late: escalated",
    "sla.paused": "Waiting for the lead",
    "sla.resumed": "No longer waiting for the lead",
    "sla.policy_applied": "{clock} deadline changed",
    "sla.out_of_rotation": "Rep taken out of rotation",
    "sla.back_in_rotation": "Rep back in rotation",
}
TASKS = {kind.value: kind.label.lower() for kind in FollowUp.Kind}
CLOCKS = {kind.value: kind.label.lower() for kind in ClockKind}


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `kind` is touchpoint, touch or event."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    by: str = ""
    note: str = ""
    entered_at: datetime | None = None
    anchor: str = ""


def timeline(lead, handoffs, *, kind=""):
    """Return the newest entries of the lead, newest first; with a `kind` of KINDS, those alone.

    `handoffs` are those that the reader may see; what belongs to others stays out.
    """
    visible = [handoff.pk for handoff in handoffs]
    sources = {
        "event": lambda: _events(lead, visible),
        "touch": lambda: _touches(visible),
        "touchpoint": lambda: _touchpoints(lead),
    }
    asked = [kind] if kind in sources else sources
    entries = [entry for one in asked for entry in sources[one]()]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:LIMIT]


def browsed(visits):
    """Say in words what `aggregate.summary` returns; empty for somebody who saw no page.

    For example "11 pages, 4 visits, 9 min in all, 6 min 40 s on Pricing page".
    """
    if not visits or not (visits["pages"] or visits["seconds"]):
        return ""
    said = [_amount(visits["pages"], "page"), _amount(visits["visits"], "visit")]
    if visits["seconds"]:
        said.append(f"{duration(visits['seconds'])} in all")
    said += [f"{duration(one['seconds'])} on {one['name']}" for one in visits["signals"][:3]]
    return ", ".join(said)


def _amount(number, what):
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def duration(seconds):
    """Return "45 s", "6 min 40 s", "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else seconds % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _events(lead, visible):
    seen = Q(data__handoff__in=visible) | ~Q(data__has_key="handoff")
    # Touches stand here themselves, with both their times.
    one_person = Event.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead)).filter(seen)
    twice = Q(kind__in=("leads.merged", "leads.unmerged")) & ~Q(lead=lead)
    events = one_person.exclude(twice | Q(kind="routing.touched")).select_related("actor")
    for event in events.order_by("-happened_at", "-pk")[:LIMIT]:
        yield Entry(
            event.happened_at,
            "event",
            words_of(event),
            by=str(event.actor or ""),
            detail="" if event.cause in words_of(event) else event.cause,
            note=event.data.get("note", ""),
        )


def words_of(event):
    """Return what happened in words, also for kinds that this page has no words for."""
    known = WORDS.get(event.kind)
    if known is None:
        return event.kind.rpartition(".")[2].replace("_", " ").capitalize()
    clock = CLOCKS.get(event.data.get("clock"), "deadline")
    text = known.format(
        to=event.data.get("to", "somebody"),
        origin=event.data.get("from", "somebody"),
        clock=clock,
        what=TASKS.get(event.data.get("what"), "follow-up"),
    )
    return text[:1].upper() + text[1:]


def _touches(visible):
    touches = Touch.objects.filter(handoff__in=visible).select_related("user")
    for touch in touches.order_by("-occurred_at", "-pk")[:LIMIT]:
        yield Entry(
            touch.occurred_at,
            "touch",
            str(touch),
            by=str(touch.user),
            note=touch.note,
            entered_at=touch.entered_at if touch.is_back_dated else None,
        )


def _touchpoints(lead):
    for touchpoint in lead.touchpoints.order_by("-occurred_at")[:LIMIT]:
        what = touchpoint.event or touchpoint.url
        took = f" ({duration(touchpoint.seconds)})" if touchpoint.seconds else ""
        title = f"{touchpoint.get_kind_display()}{took}"
        anchor = anchor_of(touchpoint)
        yield Entry(touchpoint.occurred_at, "touchpoint", title, what, anchor=anchor)


def anchor_of(touchpoint):
    """Return the id under which a lead's page shows this touchpoint."""
    return f"touchpoint-{touchpoint.digest}"
