"""The packet of a past handoff: what `routing.packet` would have written at that moment."""

from collections import Counter

from handoff_project.demo.arrivals import answers_of, said_of, url_of
from leads.models import Touchpoint
from leads.scoring import aggregate
from routing.packet import COLUMNS, RECENT

LABELS = dict(Touchpoint.Kind.choices)


def packet_of(passed, *, colleagues, earlier=None):
    """Return the packet; `colleagues` is how many other leads of the company we knew by then.

    `earlier` is the handoff that a marketer declined before, if there is one.
    """
    story, lead = passed.story, passed.lead
    campaign = str(lead.campaign or "")
    return {
        "contact": {name: getattr(lead, name) for name in COLUMNS["contact"]},
        "company": _company(lead.company, colleagues),
        "source": {"source": lead.lead_source, "campaign": campaign},
        "conversion": {
            **said_of(story),
            "answers": answers_of(story),
            "page_url": url_of(story.conversion),
            "referrer": story.referrer,
            "lead_source": lead.lead_source,
            "kind": LABELS[story.conversion.kind],
            "campaign": campaign,
            "occurred_at": story.conversion.at.isoformat(),
        },
        "score": passed.found
        | {"definition": passed.definition.version, "cause": passed.cause.label},
        "behaviour": _behaviour(story, passed.at)
        | {"visits": aggregate.summary(lead.pk, until=passed.at)},
        "earlier": [_declined(earlier)] if earlier else [],
        "at": passed.at.isoformat(),
    }


def _declined(handoff):
    return {
        "handoff": handoff.pk,
        "state": handoff.get_state_display(),
        "owner": "",
        "closed_at": str(handoff.closed_at),
        "reason": "",
    }


def _company(company, colleagues):
    if company is None:
        return {}
    values = {name: getattr(company, name) for name in COLUMNS["company"]}
    owner = str(company.account_owner or "")
    return values | {"account_owner": owner, "other_leads_here": colleagues}


def _behaviour(story, at):
    steps = [step for step in story.steps if step.at <= at]
    counts = Counter(LABELS[step.kind] for step in steps)
    return {
        "first_seen": steps[0].at.isoformat(),
        "first_touch": {
            "kind": LABELS[steps[0].kind],
            "url": url_of(steps[0]),
            **dict.fromkeys(("referrer", "source", "medium", "campaign"), ""),
        },
        "counts": dict(counts.most_common()),
        "recent": [
            {
                "kind": LABELS[step.kind],
                "event": step.event,
                "url": url_of(step),
                "at": step.at.isoformat(),
            }
            for step in reversed(steps[-RECENT:])
        ],
    }
