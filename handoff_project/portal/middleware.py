from django.utils import timezone


class UserTimeZoneMiddleware:
    """Shows every time in the zone of whoever is logged in."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            with timezone.override(request.user.tzinfo):
                response = self.get_response(request)
                # Rendered inside the zone, also where the view left that for later.
                if hasattr(response, "render") and not response.is_rendered:
                    response.render()
                response.setdefault("Cache-Control", "no-store")
                return response
        return self.get_response(request)
