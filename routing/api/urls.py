from django.urls import path

from routing.api import (
    checklist,
    decisions,
    follow_ups,
    handoffs,
    inbound,
    moves,
    opportunities,
    pools,
    recyclings,
    rejections,
    touches,
    work_next,
)

app_name = "routing-api"

# /api/v1/
urlpatterns = [
    path("handoffs/", handoffs.Handoffs.as_view(), name="handoffs"),
    path("handoffs/<int:pk>/", handoffs.HandoffDetail.as_view(), name="handoff"),
    path("decisions/", decisions.Decisions.as_view(), name="decisions"),
    path("decisions/<int:pk>/", decisions.DecisionDetail.as_view(), name="decision"),
    path("pools/", pools.Pools.as_view(), name="pools"),
    path("pools/<int:pk>/", pools.PoolDetail.as_view(), name="pool"),
    path("claims/", moves.Claims.as_view(), name="claims"),
    path("reassignments/", moves.Reassignments.as_view(), name="reassignments"),
    path("transfers/", moves.Transfers.as_view(), name="transfers"),
    path("returns/", moves.Returns.as_view(), name="returns"),
    path("recoveries/", moves.Recoveries.as_view(), name="recoveries"),
    path("touches/", touches.Touches.as_view(), name="touches"),
    path("rejections/", rejections.Rejections.as_view(), name="rejections"),
    path("checklists/", checklist.Checklists.as_view(), name="checklists"),
    path("qualifications/", checklist.Qualifications.as_view(), name="qualifications"),
    path("recyclings/", recyclings.Recyclings.as_view(), name="recyclings"),
    path("opportunities/", opportunities.Opportunities.as_view(), name="opportunities"),
    path("opportunities/<int:pk>/", opportunities.OpportunityDetail.as_view(), name="opportunity"),
    path(
        "opportunities/<int:pk>/winning/",
        opportunities.Winning.as_view(),
        name="opportunity-winning",
    ),
    path(
        "opportunities/<int:pk>/losing/", opportunities.Losing.as_view(), name="opportunity-losing"
    ),
    path(
        "opportunities/<int:pk>/reopening/",
        opportunities.Reopening.as_view(),
        name="opportunity-reopening",
    ),
    path(
        "sources/<int:pk>/opportunities/",
        inbound.InboundOpportunities.as_view(),
        name="inbound-opportunities",
    ),
    path("leases/", work_next.Leases.as_view(), name="leases"),
    path("skips/", work_next.Skips.as_view(), name="skips"),
    path("follow-ups/", follow_ups.FollowUps.as_view(), name="follow-ups"),
    path("follow-ups/<int:pk>/", follow_ups.FollowUpDetail.as_view(), name="follow-up"),
    path(
        "follow-ups/<int:pk>/completion/",
        follow_ups.Completion.as_view(),
        name="follow-up-completion",
    ),
    path("follow-ups/<int:pk>/time/", follow_ups.Time.as_view(), name="follow-up-time"),
    path(
        "follow-ups/<int:pk>/cancellation/",
        follow_ups.Cancellation.as_view(),
        name="follow-up-cancellation",
    ),
]
