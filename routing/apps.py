from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = "Routing and handoffs"

    def ready(self):
        from routing import receivers, told  # noqa: F401
