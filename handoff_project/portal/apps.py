from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The reps' and managers' screens: an app without models."""

    name = "handoff_project.portal"
    label = "portal"
