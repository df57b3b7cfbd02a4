from django.shortcuts import redirect


def home(request):
    """Send people to where their role works."""
    user = request.user
    if hasattr(user, "rep"):
        return redirect("portal:queue")
    if user.has_perm("sla.view_board"):
        return redirect("portal:board")
    if user.has_perm("leads.use_admin"):
        return redirect("admin:index")
    return redirect("portal:queue")
