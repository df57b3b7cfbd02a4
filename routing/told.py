"""What of this app people and endpoints may be told of, and when that is over."""

from leads import kinds
from routing.models import Handoff, Recycling

MOVED = ("reassigned", "transferred", "handed_back", "covered", "taken_back")


def no_longer_theirs(deliveries):
    """Notices of a new lead for somebody who has answered it, or who has it no more."""
    found = list(deliveries)
    handoffs = Handoff.objects.in_bulk({one.event.data.get("handoff") for one in found} - {None})
    owners = Handoff.objects.filter(pk__in=handoffs)
    reps = dict(owners.values_list("owner", "owner__user"))
    waiting = (Handoff.State.OFFERED, Handoff.State.POOLED)
    over = set()
    for one in found:
        handoff = handoffs.get(one.event.data.get("handoff"))
        if handoff is None:
            continue
        others = handoff.owner_id and reps[handoff.owner_id] != one.recipient_id
        if handoff.state not in waiting or others:
            over.add(one.pk)
    return over


def not_resting(deliveries):
    """Notices of a recycling that the rep took back."""
    found = list(deliveries)
    told = {one.event.data.get("handoff") for one in found} - {None}
    resting = set(Recycling.objects.filter(handoff__in=told).values_list("handoff", flat=True))
    return {one.pk for one in found if one.event.data.get("handoff") not in resting}


kinds.register_topic(
    kinds.Topic("routed", "A new lead is yours, or nobody could take one", ("routing.routed",)),
    settled=no_longer_theirs,
)
kinds.register_topic(
    kinds.Topic(
        "moved",
        "Leads moved to you or away from you",
        (
            *(f"routing.{kind}" for kind in MOVED),
            "routing.reassigned_many",
            "routing.withdrawn",
            "routing.returned",
        ),
    )
)
kinds.register_topic(
    kinds.Topic(
        "stays",
        "Leads stay too long in a stage, and the review of the month",
        ("routing.stays_noticed", "routing.clean_up_proposed"),
    )
)
kinds.register_topic(
    kinds.Topic(
        "question",
        "Sales asks marketing about a lead, or is answered",
        ("routing.marketing_asked", "routing.marketing_answered"),
    )
)
kinds.register_topic(kinds.Topic("sql", "A lead became an SQL", ("routing.qualified",)))
kinds.register_topic(
    kinds.Topic("rejected", "Sales rejected a lead", ("routing.rejected",), digest=True)
)
kinds.register_topic(
    kinds.Topic("recycled", "Sales lets a good lead rest", ("routing.recycled",), digest=True),
    settled=not_resting,
)
kinds.register_topic(
    kinds.Topic(
        "outcome",
        "What a lead came to: an opportunity was won or lost",
        ("routing.opportunity_won", "routing.opportunity_lost"),
    )
)

kinds.register_types(
    routing__opened="A lead was handed over to sales",
    routing__routed="A lead was routed",
    routing__accepted="A rep took a lead on",
    routing__rejected="A rep rejected a lead",
    routing__checklist_answered="A rep answered the checklist",
    routing__qualified="A lead became an SQL",
    routing__opportunity_opened="An opportunity was opened",
    routing__opportunity_changed="An opportunity's terms changed",
    routing__opportunity_won="An opportunity was won",
    routing__opportunity_lost="An opportunity was lost",
    routing__opportunity_reopened="An opportunity is open again",
    routing__marketing_asked="Sales asks marketing about a lead",
    routing__marketing_answered="Marketing answered a question",
    routing__recycled="A lead rests on a nurture track",
    routing__woken="A lead came back from nurture",
    routing__withdrawn="A handoff was withdrawn",
    routing__reinstated="A handoff is open again",
    routing__reassigned="A lead was reassigned",
    routing__touched="A rep reached out",
)
