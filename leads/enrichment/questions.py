"""Whom a provider is asked about: new leads or companies with gaps that it could fill."""

from django.db.models import Exists, F, OuterRef, Q

from leads.conditions.registry import CUSTOM
from leads.enrichment.answers import targets
from leads.imports.targets import COMPANY, FIRST, LAST
from leads.models import Company, CustomField, Enrichment, EnrichmentProvider, Lead

SLICE = 2_000  # rows that are looked at in one step
_LISTS = ("tech_stack",)


def subjects(provider):
    """Return the leads or companies that a provider can be asked about and that have a gap."""
    mapped = provider.mapping.keys() & targets(provider.about).keys()
    if provider.about == EnrichmentProvider.About.PERSON:
        gaps = _gaps(mapped, company="company__")
        return Lead.objects.unmerged().filter(gaps, erased_at=None)
    return Company.objects.exclude(domain="").filter(_gaps(mapped, company=""))


def _gaps(mapped, *, company):
    """At least one of the targets is unknown."""
    custom = {row.key: row.on for row in CustomField.objects.all()}
    gaps = Q(pk__in=[])
    for target in mapped:
        if target.startswith(CUSTOM):
            key = target.removeprefix(CUSTOM)
            path = f"{company if custom[key] == 'company' else ''}attributes"
            gaps |= Q(**{f"{path}__isnull": True}) | ~Q(**{f"{path}__has_key": key})
        elif target.startswith(COMPANY):
            gaps |= _unknown(company, Company, target.removeprefix(COMPANY))
        else:
            gaps |= _unknown("", Lead, "name" if target in (FIRST, LAST) else target)
    return gaps


def _unknown(prefix, model, name):
    column = model._meta.get_field(name)
    gap = Q(**{f"{prefix}{name}__isnull": True})
    if model is Company and name == "name":  # one that we know by its domain alone is called by it
        gap |= Q(**{f"{prefix}name": F(f"{prefix}domain")})
    if name in _LISTS:
        return gap | Q(**{f"{prefix}{name}__len": 0}) | Q(**{f"{prefix}{name}": []})
    return gap if column.null else gap | Q(**{f"{prefix}{name}": ""})


def note_new(provider, *, now):
    """Put a question for each new row with a gap; return whether there may be more."""
    model = Lead if provider.about == EnrichmentProvider.About.PERSON else Company
    ids = list(
        model._default_manager.filter(pk__gt=provider.seen)
        .order_by("pk")
        .values_list("pk", flat=True)[:SLICE]
    )
    if not ids:
        return False
    put(provider, subjects(provider).filter(pk__gt=provider.seen, pk__lte=ids[-1]), now=now)
    # Two workers may look at the same rows: putting a question twice puts it once.
    EnrichmentProvider.objects.filter(pk=provider.pk, seen__lt=ids[-1]).update(seen=ids[-1])
    provider.seen = ids[-1]
    return len(ids) == SLICE


def put(provider, rows, *, now):
    """Put a question about each of these rows that was never asked about; return how many."""
    owner = rows.model._meta.model_name
    asked = Enrichment.objects.filter(provider=provider, **{owner: OuterRef("pk")})
    new = rows.filter(~Exists(asked)).order_by("pk").values_list("pk", flat=True)
    made = Enrichment.objects.bulk_create(
        [Enrichment(provider=provider, **{f"{owner}_id": pk}, due_at=now) for pk in new],
        ignore_conflicts=True,
        batch_size=SLICE,
    )
    return len(made)


def put_all(provider, *, now):
    """Put a question about everybody with a gap whose answer is missing or was given up.

    Return how many questions wait afterwards.
    """
    put(provider, subjects(provider), now=now)
    provider.questions.filter(state=Enrichment.State.FAILED).update(
        state=Enrichment.State.WAITING, attempts=0, due_at=now, problem=""
    )
    return provider.questions.filter(state=Enrichment.State.WAITING).count()
