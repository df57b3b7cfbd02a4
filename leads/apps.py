from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads and definition"

    def ready(self):
        from leads import told  # noqa: F401
