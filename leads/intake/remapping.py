"""Finds the inputs that nobody has decided about, and brings what is stored into line."""

from datetime import timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Count, F, Max

from leads.deadlocks import retried
from leads.intake.touchpoints import campaign_named
from leads.models import Company, FieldValue, Lead, Mapping, Pending, Remapping
from leads.models.field_value import store_changed
from leads.models.mapping import column_of, key_of, owner_of

UNREAD = "unread_country"
CHUNK = 200  # rows that one transaction changes
MOST_PENDING = 5_000  # a longer queue is scored first: what happens now does not wait for the past
# Who stored leads while a mapping was made did not know it; by then they have committed.
SETTLED = timedelta(seconds=10)
SHOWN = 200  # inputs that a page lists


def _path(field):
    """How the inputs of a field are asked for as text: of a campaign, its name."""
    if field == Mapping.Field.COUNTRY:
        return UNREAD  # what can be read is no input to decide about
    column = column_of(field)
    return field if column.name == field else f"{field}__{column.name}"


def holding(mapping):
    """Return the leads or companies that hold the input and not what it means."""
    path = _path(mapping.field)
    rows = mapping.model._default_manager.filter(**{f"{path}__iexact": mapping.said})
    if path == UNREAD:
        return rows.filter(country="")
    return rows.exclude(**{path: mapping.means}) if mapping.means else rows


def unmapped(field):
    """Return the values of a field that nobody has decided about, the most frequent first.

    Dicts of `said`, `n` (leads or companies that hold it now) and `newest` (of them).
    """
    path, decided = _path(field), Mapping.objects.decided(field)
    rows = owner_of(field)._default_manager.exclude(**{path: ""}).exclude(**{path: None})
    if field != Mapping.Field.INDUSTRY:
        rows = rows.filter(merged_into=None)
    if path == UNREAD:
        rows = rows.filter(country="")
    counted = rows.order_by().values(said=F(path)).annotate(n=Count("pk"), newest=Max("created_at"))
    found = counted.order_by("-n", "said").iterator(chunk_size=SHOWN)
    undecided = (row for row in found if key_of(row["said"]) not in decided)
    return list(islice(undecided, SHOWN))


@retried
@transaction.atomic
def step(*, now):
    """Bring one chunk into line, of the walk that waits longest; return whether there was one.

    Any number of these may run at once: a chunk belongs to who has its row locked.
    """
    if Pending.objects.all()[MOST_PENDING:].exists():
        return False
    waiting = Remapping.objects.filter(state__in=Remapping.OPEN, asked_at__lte=now - SETTLED)
    locked = waiting.select_for_update(of=("self",), skip_locked=True)
    work = locked.select_related("mapping").order_by("asked_at", "pk").first()
    if work is None:
        return False
    left = holding(work.mapping).filter(pk__gt=work.last_id)
    if work.state == Remapping.State.WAITING:
        work.state, work.total = Remapping.State.RUNNING, work.done + left.count()
    held = left.select_for_update(no_key=True, of=("self",)).order_by("pk")
    rows = list(held[:CHUNK])
    work.done += len(rows)
    work.changed += _change(rows, work.mapping, now=now)
    if rows:
        work.last_id = rows[-1].pk
    if len(rows) < CHUNK:
        work.state, work.ended_at = Remapping.State.DONE, now
    work.save()
    return True


def _change(rows, mapping, *, now):
    """Store what the input means in these locked rows; return how many that changed.

    It is no news of the person, but another reading of what was said: whoever said it, and when,
    stays with the value, so that it weighs as much as before.
    """
    means = mapping.means
    if mapping.field == Mapping.Field.CAMPAIGN:
        means = campaign_named(means)
    told = [(row, news) for row in rows if (news := row.news_in({mapping.field: means}))]
    if not told:
        return 0
    source = UNREAD if mapping.field == Mapping.Field.COUNTRY else mapping.field
    said = _origins([row for row, _ in told], source)
    for row, news in told:
        row.take(news)
    changed = [row for row, _ in told]
    store_changed(changed, {mapping.field}, now=now)
    owner = mapping.model._meta.model_name
    FieldValue.objects.bulk_create(
        _again(said.get(row.pk), row, now=now, **{owner: row, "field": mapping.field})
        for row in changed
    )
    if mapping.model is Company:
        Company.ask_for_scores(changed)
    else:
        Pending.objects.ask_for(Lead.objects.filter(pk__in=[row.pk for row in changed]))
    return len(told)


def _origins(rows, field):
    """Return the newest FieldValue of the field by row id: who said what these rows hold."""
    owner = rows[0]._meta.model_name
    values = FieldValue.objects.filter(**{f"{owner}__in": rows}, field=field)
    newest = values.order_by(owner, "-known_at", "-pk").distinct(owner)
    return {getattr(value, f"{owner}_id"): value for value in newest}


def _again(origin, row, *, now, field, **owner):
    """Return a FieldValue of what the row holds now, said by whom the origin says."""
    held = row.known(field)
    return FieldValue(
        **owner,
        field=field,
        value=getattr(held, "pk", held),
        source_id=origin and origin.source_id,
        actor_id=origin and origin.actor_id,
        run_id=origin and origin.run_id,
        observed_at=origin.observed_at if origin else row.created_at,
        is_derived=bool(origin and origin.is_derived),
        known_at=now,
    )
