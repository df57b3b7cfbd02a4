"""Which kinds of people a lead belongs to: the segments that are marked as personas."""

from django.core.exceptions import ValidationError
from django.db.models import Prefetch

from leads.conditions import judge, registry
from leads.conditions.terms import GROUPS
from leads.models import Segment, SegmentCondition


def personas_of(lead_id, *, today):
    """Return the persona segments in which the lead is on this UTC day, by name.

    Left out are segments without a condition, which describe nobody, and those whose conditions
    make no sense any more.
    """
    conditions = Prefetch("conditions", SegmentCondition.objects.select_related("signal"))
    marked = list(Segment.objects.exclude(persona="").prefetch_related(conditions))
    forms = dict(_described(marked)) if marked else {}
    held = judge.holds(lead_id, forms, today=today)
    return [segment for segment in forms if held[segment]]


def _described(segments):
    with registry.read_once():
        for segment in segments:
            try:
                form = segment.form()
            except ValidationError:
                continue
            if any(form[group] for group in GROUPS):
                yield segment, form
