"""The leads that rest on tracks, as marketing tools take them, and what becomes of them."""

from django.db.models import Count, Exists, F, OuterRef, Q

from leads.models import Identity, StageTransition
from routing.models import Handoff, Recycling

HEADINGS = (
    *("Lead", "E-mail", "Name", "External ids", "Track", "Reason", "Note", "Rests since (UTC)"),
    *("Comes back on (UTC)", "When it does", "When this changes", "Cool-down until (UTC)"),
    *("Left (UTC)", "Left because"),
)


def with_ids(recyclings):
    """The same, each with `external_ids`, the names that other systems have for its lead."""
    found = list(recyclings)
    ids: dict[int, list[str]] = {}
    leads = [one.handoff.lead_id for one in found]
    named = Identity.objects.filter(kind=Identity.Kind.EXTERNAL, lead__in=leads).order_by("value")
    for lead, value in named.values_list("lead", "value"):
        ids.setdefault(lead, []).append(value)
    for one in found:
        one.external_ids = ids.get(one.handoff.lead_id, [])
    return found


def row(recycling):
    """Return one line of the exported segment, below HEADINGS."""
    lead, told = recycling.handoff.lead, recycling.as_told()
    return [
        lead.pk,
        lead.email,
        lead.name,
        ", ".join(recycling.external_ids),
        told["track"],
        recycling.get_reason_display(),
        told["note"],
        recycling.recycled_at.isoformat(timespec="seconds"),
        told["wake_at"],
        str(recycling.wake_signal or ""),
        recycling.changing() if recycling.wake_field else "",
        told["cool_down_until"],
        recycling.ended_at and recycling.ended_at.isoformat(timespec="seconds"),
        recycling.get_woken_by_display(),
    ]


def yields(recyclings):
    """Return for each reason, most frequent first, how many of them came back and how far they got.

    Each is `{reason, label, n, mql, sql, won}`; a lead counts for what happened after it rested.
    """
    since = {"lead": OuterRef("handoff__lead"), "opened_at__gte": OuterRef("recycled_at")}
    later = Handoff.objects.filter(**since).exclude(pk=OuterRef("handoff"))
    won = StageTransition.objects.filter(
        lead=OuterRef("handoff__lead"),
        to_stage="customer",
        happened_at__gte=OuterRef("recycled_at"),
    )
    marked = recyclings.order_by().annotate(
        came=Exists(later.exclude(state=Handoff.State.REVIEW)),
        sold=Exists(later.filter(state=Handoff.State.QUALIFIED)),
        was_won=Exists(won),
    )
    counted = (
        marked.values("reason")
        .annotate(
            n=Count("pk"),
            mql=Count("pk", filter=Q(came=True)),
            sql=Count("pk", filter=Q(sold=True)),
            won=Count("pk", filter=Q(was_won=True)),
        )
        .order_by(F("n").desc(), "reason")
    )
    return [found | {"label": Recycling.Reason(found["reason"]).label} for found in counted]
