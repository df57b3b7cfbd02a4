from reporting.models.preview_run import (
    NotPreviewable,
    PreviewLead,
    PreviewMeeting,
    PreviewRun,
    may_be_previewed,
)
from reporting.models.slowdown import ResponseAlert, Slowdown

__all__ = [
    "NotPreviewable",
    "PreviewLead",
    "PreviewMeeting",
    "PreviewRun",
    "ResponseAlert",
    "Slowdown",
    "may_be_previewed",
]
