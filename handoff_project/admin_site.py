from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

# What the pages are for, in the order of the index. A page that is not named here comes last.
GROUPS = [
    (
        "What an MQL is",
        "The definition that marketing and sales agreed on, and what its rules ask about.",
        [
            "leads.MQLDefinition",
            "leads.Segment",
            "leads.ValueList",
            "leads.Signal",
            "leads.CustomField",
            "leads.LifecycleStage",
            "leads.NurtureTrack",
        ],
    ),
    (
        "Who gets a lead, and how soon",
        "Routing, the promises to leads, and why a rep may send one back.",
        [
            "routing.RuleSet",
            "routing.Territory",
            "routing.Pool",
            "sla.Policy",
            "reporting.ResponseAlert",
            "routing.StageRule",
            "leads.Play",
            "routing.Cadence",
            "routing.RejectionReason",
            "routing.ChecklistQuestion",
            "routing.OpportunityReason",
        ],
    ),
    (
        "People",
        "Who logs in, who works leads, and when.",
        ["leads.User", "routing.Rep", "routing.Team", "routing.Calendar", "routing.Absence"],
    ),
    (
        "Leads and what became of them",
        "For looking up. Leads are worked in the portal.",
        [
            "leads.Qualification",
            "routing.Recycling",
            "routing.CleanUpItem",
            "routing.Opportunity",
            "leads.Duplicate",
            "leads.Merge",
            "leads.Lead",
            "leads.Company",
            "leads.Campaign",
            "routing.Handoff",
            "routing.Decision",
            "sla.Clock",
            "leads.Event",
            "leads.ErasureLedger",
        ],
    ),
    (
        "Connections",
        "Where leads come in, who is told outside, and the messages that went out.",
        [
            "leads.CaptureForm",
            "leads.Import",
            "leads.Mapping",
            "leads.Source",
            "leads.EnrichmentProvider",
            "leads.Endpoint",
            "leads.Delivery",
        ],
    ),
]


class HandoffAdminSite(AdminSite):
    """The admin, for whoever's role lets them in; it shares the portal's log-in."""

    site_header = "Handoff"
    site_title = "Handoff"
    index_title = "Settings and definitions"
    site_url = "/"
    enable_nav_sidebar = False  # base_site.html has one that needs no script

    def __init__(self, name="admin"):
        super().__init__(name)
        self.disable_action("delete_selected")

    def has_permission(self, request):
        return request.user.is_active and request.user.has_perm("leads.use_admin")

    def login(self, request, extra_context=None):
        if request.user.is_authenticated:
            if self.has_permission(request):
                return redirect("admin:index")
            raise PermissionDenied
        wanted = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        return redirect(f"{reverse('account_login')}?{wanted}")

    def logout(self, request, extra_context=None):
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")

    def get_app_list(self, request, app_label=None):
        """Return the pages that this person may open, grouped by what they are for."""
        apps = super().get_app_list(request, app_label)
        for model in (model for app in apps for model in app["models"]):
            page = self._registry[model["model"]]
            model["about"] = getattr(page, "about", "")
            model["name"] = getattr(page, "page_name", model["name"])
        return apps if app_label else _grouped(apps)


def _grouped(apps):
    left = {model["model"]._meta.label: model for app in apps for model in app["models"]}
    groups = [
        _group(title, about, [left.pop(label) for label in labels if label in left])
        for title, about, labels in GROUPS
    ]
    groups.append(_group("Everything else", "", list(left.values())))
    return [group for group in groups if group["models"]]


def _group(title, about, models):
    # The keys are those that Django's own templates read.
    return {"name": title, "about": about, "app_label": "", "app_url": "", "models": models}
