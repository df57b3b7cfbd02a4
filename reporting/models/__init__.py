from reporting.models.invariant_check import InvariantCheck, Leak
from reporting.models.preview_run import (
    NotPreviewable,
    PreviewLead,
    PreviewMeeting,
    PreviewRun,
    may_be_previewed,
)
from reporting.models.slowdown import ResponseAlert, Slowdown

__all__ = [
    "InvariantCheck",
    "Leak",
    "NotPreviewable",
    "PreviewLead",
    "PreviewMeeting",
    "PreviewRun",
    "ResponseAlert",
    "Slowdown",
    "may_be_previewed",
]
