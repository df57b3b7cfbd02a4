from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render


@login_not_required
def csrf_failure(request, reason=""):
    """The form was too old or came from elsewhere: say so in words, with a way back."""
    return render(
        request,
        "portal/error.html",
        {
            "title": "This form is no longer valid",
            "message": "Nothing was saved. Go back, reload the page and try again.",
        },
        status=403,
    )
