"""What people say to pairs of leads."""

from django.db import transaction

from leads.duplicates.likeness import basis_of, likeness, traits_of
from leads.models import Duplicate


@transaction.atomic
def dismiss(one, two, *, by, now):
    """Note that these leads are two people: the pair is proposed again only for other data."""
    first, second = sorted((one, two), key=lambda lead: lead.pk)
    traits = traits_of(first), traits_of(second)
    score, reasons = likeness(*traits)
    pair, _ = Duplicate.objects.get_or_create(
        first=first,
        second=second,
        defaults={"score": score, "reasons": reasons, "basis": basis_of(*traits), "found_at": now},
    )
    pair.dismiss(by=by, now=now)
    return pair
