from reporting.admin import alert  # noqa: F401
