from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class HandoffConfig(AppConfig):
    """Holds the commands that span the apps."""

    name = "handoff_project"
    verbose_name = "Handoff"


class HandoffAdminConfig(AdminConfig):
    default_site = "handoff_project.admin_site.HandoffAdminSite"
