"""What the admin's page of a lead to decide shows of scores; the portal's pages say it alike."""

from django import template

from handoff_project.portal import story

register = template.Library()


@register.simple_tag
def frozen_waterfall(qualification):
    """The Waterfall of the score for which somebody was asked; it stays as it was."""
    return story.waterfall(qualification.handoff.packet)


@register.simple_tag(takes_context=True)
def standing_today(context, lead):
    """How the lead stands to the live definition on the page's day."""
    return story.standing(lead, today=context["now"].date())
