from rest_framework import permissions

from leads.models import Source


class Deny(permissions.BasePermission):
    """The default: a view that forgets to say who may call it lets nobody in."""

    def has_permission(self, request, view):
        return False


class SourceMay(permissions.BasePermission):
    """The caller is a source whose scopes hold the view's `scope`."""

    def has_permission(self, request, view):
        return isinstance(request.user, Source) and request.user.may(view.scope)


class PersonOrSourceMay(permissions.BasePermission):
    """The caller is a logged-in person, or a source whose scopes hold the view's `scope`."""

    def has_permission(self, request, view):
        if isinstance(request.user, Source):
            return request.user.may(view.scope)
        return bool(request.user and request.user.is_authenticated)


class MayReadLeads(permissions.BasePermission):
    """A logged-in person (who sees what is visible to them) or a source with leads:read."""

    def has_permission(self, request, view):
        if isinstance(request.user, Source):
            return request.user.may("leads:read")
        return bool(request.user and request.user.is_authenticated)
