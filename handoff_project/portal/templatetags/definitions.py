"""How the definition does, for the pages of the portal and of the admin that talk about it."""

from django import template
from django.db.models import prefetch_related_objects

from handoff_project.portal import comparison
from leads.models import MQLDefinition, Side, side_of
from reporting import advisories, health

register = template.Library()


@register.simple_tag(takes_context=True)
def advice(context):
    """The Advisories of the page's moment, for those who may read versions; else none."""
    if not context["request"].user.has_perm("leads.view_mqldefinition"):
        return []
    return advisories.advisories(now=context["now"])


@register.simple_tag(takes_context=True)
def live_definition(context):
    """What the list of definitions says of the live one: a dict, or None before the first."""
    live = MQLDefinition.objects.live()
    if live is None:
        return None
    prefetch_related_objects([live], "approvals__user")
    now = context["now"]
    return {
        "definition": live,
        "signed": signatures(live),
        "mqls": health.mqls(since=now - health.MONTH, until=now).count(),
        "accepted": health.rejected(now=now).rest,
    }


@register.simple_tag
def waiting_versions():
    """The versions that wait for sign-off, with their sides, and the drafts, newest first."""
    versions = MQLDefinition.objects.select_related("created_by").defer("compiled")
    versions = versions.prefetch_related("approvals__user")
    return {
        "in_review": [
            (version, signatures(version))
            for version in versions.filter(state=MQLDefinition.State.IN_REVIEW)
        ],
        "drafts": versions.filter(state=MQLDefinition.State.DRAFT),
    }


def signatures(version):
    """Return `(side, approval or None)` for both sides of a version whose approvals are read."""
    signed = {approval.side: approval for approval in version.approvals.all()}
    return [(side.label, signed.get(side)) for side in Side]


@register.simple_tag(takes_context=True)
def may_review(context):
    """Whether the reader may say that the live version is kept."""
    return side_of(context["request"].user) is not None


@register.simple_tag
def mql_and_sql(definition):
    """The rows of the table that puts MQL and SQL side by side."""
    return comparison.rows(definition)
