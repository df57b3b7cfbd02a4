"""Holds two leads, so that nobody writes of them meanwhile, and moves what belongs to one."""

from django.apps import apps
from django.db import connection

from leads.models import Identity, Lead, Pending, Score
from leads.scoring import aggregate


class NotMergeable(Exception):
    """These two leads cannot become one, or not be told apart again, for the reason given."""


def hold(*ids):
    """Lock leads with what intake and scoring write of them; return `{id: lead}`.

    Names come first, as in intake: without them no touchpoint of these leads can be stored. What
    waited for the scorer is taken away, for the caller counts all touchpoints anew. A name that
    somebody tied to one of the leads before they were locked is locked then. The leads are locked
    without a join: PostgreSQL would pass over one whose stage changed while its lock was awaited.
    """
    names: set[int] = set()
    while True:
        mine = Identity.objects.filter(lead__in=ids).order_by("kind", "value")
        names |= set(mine.select_for_update(of=("self",)).values_list("pk", flat=True))
        Pending.objects.filter(lead__in=ids).delete()
        list(Score.objects.filter(lead__in=ids).order_by("lead").select_for_update())
        locked = Lead.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
        leads = {lead.pk: lead for lead in locked.filter(pk__in=ids)}
        if names.issuperset(Identity.objects.filter(lead__in=ids).values_list("pk", flat=True)):
            return leads


def move(merge, rows, **changed):
    """Give these rows of the other lead to the survivor; the merge remembers which they are."""
    ids = sorted(rows.filter(lead=merge.other_id).values_list("pk", flat=True))
    merge.moved.setdefault("rows", {}).setdefault(rows.model._meta.label, []).extend(ids)
    rows.model._base_manager.filter(pk__in=ids).update(lead=merge.survivor_id, **changed)


def move_back(merge):
    """Give back what moved, unless it belongs to somebody else by now."""
    for label, ids in merge.moved.get("rows", {}).items():
        rows = apps.get_model(label)._base_manager.filter(pk__in=ids, lead=merge.survivor_id)
        rows.update(lead=merge.other_id)


def move_touchpoints(merge):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_touchpoint SET lead_id = %s WHERE lead_id = %s RETURNING digest",
            [merge.survivor_id, merge.other_id],
        )
        merge.moved["touchpoints"] = [str(digest) for (digest,) in cursor.fetchall()]


def move_touchpoints_back(merge):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_touchpoint SET lead_id = %s "
            "WHERE lead_id = %s AND digest = ANY(%s::uuid[])",
            [merge.other_id, merge.survivor_id, merge.moved["touchpoints"]],
        )


def count_anew(*ids):
    """Rebuild the daily aggregate of held leads from their touchpoints, and ask for scores."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id, (occurred_at AT TIME ZONE 'UTC')::date FROM leads_touchpoint "
            "WHERE lead_id = ANY(%(ids)s) "
            "UNION SELECT lead_id, day FROM leads_signalday WHERE lead_id = ANY(%(ids)s)",
            {"ids": list(ids)},
        )
        days = cursor.fetchall()
    aggregate.recount(days)
    Pending.objects.ask_for(Lead.objects.filter(pk__in=ids))
