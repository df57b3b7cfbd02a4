"""What a CRM says of opportunities: one door for its messages, its requests and its lists.

The CRM knows each by its own id. It is believed about the deal, whoever works it here; older news
than the newest that was told changes nothing.
"""

from django.db import IntegrityError, transaction

from leads.deadlocks import retried
from leads.intake.addresses import normal_email
from leads.models import Identity, Lead
from routing.models import Handoff, Opportunity
from routing.models.opportunity import TERMS

CREATED, UPDATED, UNCHANGED, OVERTAKEN = "created", "updated", "unchanged", "overtaken"


def lead_of(said):
    """Return the lead that is meant by `lead` (an id) or `email`; None where nobody is."""
    if said.get("lead"):
        found = Lead.objects.known().filter(pk=said["lead"]).first()
    else:
        name = Identity.objects.filter(
            kind=Identity.Kind.EMAIL, value=normal_email(said.get("email", ""))
        )
        found = Lead.objects.known().filter(identities__in=name).first()
    return found and (found.merged_into or found)


@retried
def tell(source, said, *, at, now):
    """Store what a CRM said of one opportunity `at` that time; return `(opportunity, what came)`.

    `said` holds `external_id`, `lead` (a Lead) and what is known of it: its terms, its `state`,
    `reason` and `note`. Raise Refused, with nothing changed, where it cannot be.
    """
    try:
        return _tell(source, said, at=at, now=now)
    except IntegrityError:  # somebody stored the same id at the same moment; now it is known
        return _tell(source, said, at=at, now=now)


@transaction.atomic
def _tell(source, said, *, at, now):
    known = Opportunity.objects.filter(source=source, external_id=said["external_id"])
    meant = known.first()
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=meant.lead_id if meant else said["lead"].pk
    )
    found = known.select_for_update(of=("self",)).first()
    if found and found.told_at and at < found.told_at:
        return found, OVERTAKEN
    terms = {name: said[name] for name in TERMS if name in said}
    state = said.get("state") or (found.state if found else Opportunity.State.OPEN)
    what = UNCHANGED
    if found is None:
        found = _begin(source, said["external_id"], lead, terms, now=now)
        what = CREATED
    elif found.agree(terms, now=now):
        what = UPDATED
    if state != found.state:
        _set_state(found, state, said, now=now)
        what = what if what == CREATED else UPDATED
    Opportunity.objects.filter(pk=found.pk).update(told_at=at)
    return found, what


def _begin(source, external_id, lead, terms, *, now):
    """It is of the SQL that the lead last became here, if it became one."""
    sqls = Handoff.objects.filter(lead=lead, state=Handoff.State.QUALIFIED)
    handoff = sqls.select_related("owner__user").order_by("-closed_at", "-pk").first()
    owner = handoff.owner.user if handoff and handoff.owner else None
    made = Opportunity(
        lead=lead, handoff=handoff, owner=owner, source=source, external_id=external_id
    )
    made.begin(terms, now=now)
    return made


def _set_state(found, state, said, *, now):
    if not found.is_open:
        found.reopen(now=now)
    if state != Opportunity.State.OPEN:
        found.close(state, reason=said.get("reason"), note=said.get("note", ""), now=now)
