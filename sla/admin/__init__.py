from sla.admin import clock, policy  # noqa: F401 - importing registers them
