from reporting.models.preview_run import (
    NotPreviewable,
    PreviewLead,
    PreviewMeeting,
    PreviewRun,
    may_be_previewed,
)

__all__ = ["NotPreviewable", "PreviewLead", "PreviewMeeting", "PreviewRun", "may_be_previewed"]
