"""All that is held of one person, as JSON: every row that belongs to their lead, found by itself.

Rows are found along the foreign keys that lead to the lead, so that a table that is added tomorrow
is in the export without a word here. It is written piece by piece, however much there is.
"""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from leads.models import Lead, MQLDefinition
from leads.privacy.erasing import erased_before
from leads.scoring.explain import explain

CHUNK = 500  # rows that are read at once


def export(lead, *, now):
    """Yield the JSON of one lead in pieces."""
    yield f'{{"exported_at": {_text(now)},\n"lead": {_text(_row(lead))}'
    yield f',\n"company": {_text(lead.company and _row(lead.company))}'
    yield f',\n"score_explained": {_text(_explained(lead, now=now))}'
    earlier = erased_before(lead.email).values("erased_at")
    yield f',\n"erased_before": {_text(list(earlier))}'
    yield ',\n"rows": {'
    first = True
    for name, rows in sections(lead):
        yield f"{'' if first else ','}\n{_text(name)}: ["
        first = False
        for number, row in enumerate(rows.iterator(chunk_size=CHUNK)):
            yield f"{',' if number else ''}\n{_text(_row(row))}"
        yield "]"
    yield "}}\n"


def sections(lead):
    """Yield `(name, rows)` of every table whose rows belong to the lead, however far away."""
    seen = {Lead}
    waiting = [(Lead, "")]
    while waiting:
        owner, path = waiting.pop(0)
        for relation in _owned(owner):
            model = relation.related_model
            if model in seen:
                continue
            seen.add(model)
            to_lead = f"{relation.field.name}__{path}" if path else relation.field.name
            waiting.append((model, to_lead))
            rows: Any = model._base_manager.filter(**{to_lead: lead.pk})
            yield model._meta.label, rows.select_related(*_named(model)).order_by("pk")


def _owned(model):
    """The relations by which rows of other tables belong to a row of this one."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and relation.is_relation and not relation.concrete:
            yield relation


def _named(model):
    """The foreign keys of a row that are told by name instead of by number."""
    return [field.name for field in model._meta.concrete_fields if field.is_relation]


def _row(row):
    told = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.is_relation and field.related_model is not Lead and value is not None:
            value = str(getattr(row, field.name))
        told[field.name] = value
    return told


def _explained(lead, *, now):
    live = MQLDefinition.objects.live()
    if live is None or lead.erased_at:
        return None
    return explain(live.compiled, lead.pk, today=now.date())


def _text(value):
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
