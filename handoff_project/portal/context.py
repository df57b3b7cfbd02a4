from leads.models import Delivery


def frame(request):
    """What the frame of every page shows: unread notices and where this person may go."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unread_count": Delivery.objects.visible_to(user).unread().count}
