"""Who answers for what on one handoff: the three names that both sides agreed to show."""

from dataclasses import dataclass

from routing.models import Handoff
from routing.notifications import answering_for, marketing


@dataclass(frozen=True)
class NamedRole:
    """One role on a handoff, who has it, and in which way."""

    label: str
    names: str
    how: str = ""


def named_roles(handoff, questions=()):
    """Return who validates the MQL, who qualifies the SQL, and who follows up in the first 24 h.

    Each is the person whom the product itself lets do it. Of the `questions` to marketing come
    those who join the first meeting.
    """
    joining = {one.answered_by for one in questions if one.joins}
    return [
        _validates(handoff),
        NamedRole("Qualifies the SQL", *_works(handoff)),
        NamedRole("Follows up in the first 24 h", *_follows_up(handoff)),
        *([NamedRole("Joins the first meeting", _and(joining), "of marketing")] if joining else []),
    ]


def _validates(handoff):
    label = "Validates the MQL"
    asked = handoff.qualification
    if asked is None:  # a closing handoff begins with an SQL
        return NamedRole(label, "Nobody", "it is an SQL already")
    if handoff.state == Handoff.State.REVIEW:
        return NamedRole(label, _and(marketing()), "it waits for one of them")
    if asked.actor:
        return NamedRole(label, str(asked.actor), "confirmed it")
    signed = [one.user for one in asked.definition.approvals.select_related("user")]
    return NamedRole(label, _and(signed), f"signed {asked.definition}, which decides")


def _works(handoff):
    if handoff.owner:
        return str(handoff.owner), "has the lead" if handoff.is_open else "had the lead"
    if handoff.pool:
        return f"Whoever takes it from {handoff.pool}", ""
    return "Whoever gets it", "it is not routed yet"


def _follows_up(handoff):
    if handoff.state == Handoff.State.POOLED:
        return _and(answering_for(handoff.pool)), "answers for the pool until somebody takes it"
    return _works(handoff)


def _and(people):
    return ", ".join(map(str, people)) or "Nobody"
