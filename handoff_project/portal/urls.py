from django.urls import path

from handoff_project.portal.views import (
    board,
    capture,
    clocks,
    consents,
    definitions,
    demo,
    duplicates,
    glossary,
    home,
    lead,
    leads,
    notifications,
    preferences,
    previews,
    queue,
    reports,
    sign_off,
    verbs,
)

app_name = "portal"

# /handoffs/<pk>/: each verb is a noun.
handoff_urls = [
    path("handoffs/<int:pk>/acceptance/", verbs.accept, name="accept"),
    path("handoffs/<int:pk>/rejection/", verbs.reject, name="reject"),
    path("handoffs/<int:pk>/touches/", verbs.touches, name="touches"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("queue/", queue.queue, name="queue"),
    path("queue/changes/", queue.changes, name="queue-changes"),
    path("leads/", leads.leads, name="leads"),
    path("leads/export/", leads.export, name="leads-export"),
    path("leads/<int:pk>/", lead.lead, name="lead"),
    path("leads/<int:pk>/duplicates/", duplicates.choose, name="duplicates"),
    path("leads/<int:pk>/duplicates/<int:other>/", duplicates.compare, name="duplicate"),
    path(
        "leads/<int:pk>/duplicates/<int:other>/dismissal/",
        duplicates.dismissal,
        name="duplicate-dismissal",
    ),
    path("merges/<int:pk>/undo/", duplicates.undo, name="merge-undo"),
    path("leads/<int:pk>/consents/", consents.consents, name="consents"),
    *handoff_urls,
    path("clocks/<int:pk>/", clocks.clock, name="clock"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/reading/", notifications.reading, name="notifications-reading"),
    path("board/", board.board, name="board"),
    path("reports/speed-to-lead/", reports.speed, name="speed"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("definition/", definitions.live, name="definition"),
    path("definition/<int:version>/", definitions.version, name="definition-version"),
    path("definition/<int:version>/submission/", sign_off.submit, name="definition-submit"),
    path("definition/<int:version>/approval/", sign_off.approve, name="definition-approve"),
    path("definition/<int:version>/withdrawal/", sign_off.withdraw, name="definition-withdraw"),
    path("definition/<int:version>/publication/", sign_off.publish, name="definition-publish"),
    path("definition/<int:version>/review/", sign_off.review, name="definition-review"),
    path("definition/<int:version>/preview/", previews.preview, name="preview"),
    path("definition/<int:version>/preview/estimate/", previews.instant, name="preview-estimate"),
    path(
        "definition/<int:version>/preview/cancellation/",
        previews.cancellation,
        name="preview-cancellation",
    ),
    path("definition/<int:version>/preview/leads/", previews.leads, name="preview-leads"),
    path("definition/<int:version>/preview/leads/export/", previews.export, name="preview-export"),
    path("definition/<int:version>/leads/", previews.search, name="definition-leads"),
    path("definition/<int:version>/leads/<int:pk>/", previews.lead, name="definition-lead"),
    path("glossary/", glossary.glossary, name="glossary"),
    path("demo/", demo.demo, name="demo"),
    path("forms/<slug:slug>/", capture.form, name="capture"),
    path("forms/<slug:slug>/thanks/", capture.thanks, name="capture-thanks"),
]
