from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest first; stable while rows arrive. `?page_size=` up to 200."""

    ordering = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
