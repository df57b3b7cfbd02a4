"""Who asks for a segment or a field: named, so that one knows what a change would touch."""

from django.db.models import PROTECT
from django.utils.text import capfirst

from leads.admin.base import page_of

MOST_NAMED = 5  # rows of one version that a sentence names


def published_with(site, request, holds):
    """Return `(version, url)` of each published version whose compiled form `holds` it."""
    pages = (page for page in site._registry.values() if hasattr(page.model, "compiled"))
    return [
        (version, page_of(version))
        for page in pages
        if page.has_view_permission(request)
        for version in page.get_queryset(request).filter(state="published")
        if holds(version.compiled)
    ]


def asks_for(form, key):
    """Whether a condition of a compiled form, at any depth, asks for the field of this key."""
    if isinstance(form, list):
        return any(asks_for(part, key) for part in form)
    if isinstance(form, dict):
        here = form.get("field") == key and "operator" in form
        return here or any(asks_for(part, key) for part in form.values())
    return False


def keepers(rows):
    """Return a sentence for everything that cannot be without one of these rows."""
    relations = rows[0]._meta.related_objects if rows else ()
    found: list = []
    for relation in relations:
        if relation.on_delete is PROTECT:
            asking = relation.related_model._default_manager
            found += in_words(asking.filter(**{f"{relation.field.name}__in": rows}))
    return found


def in_words(rows):
    """Name rows by the versions of which they are parts, one sentence for each version."""
    found: dict = {}
    for row in rows:
        found.setdefault(_version_of(row), []).append(row)
    return [_together(version, parts) for version, parts in found.items()]


def _together(version, rows):
    names = ", ".join(f"“{row}”" for row in rows[:MOST_NAMED])
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    options = rows[0]._meta
    kind = options.verbose_name if len(rows) == 1 else options.verbose_name_plural
    if version is None:
        return f"{capfirst(kind)} {names}{more}"
    return f"{version} ({version.get_state_display().lower()}): {kind} {names}{more}"


def _version_of(row):
    for field in row._meta.fields:
        if field.many_to_one and hasattr(field.related_model, "compiled"):
            return getattr(row, field.name)
    return None
