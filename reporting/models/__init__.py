from reporting.models.agreement import Agreement, NotAgreed, Signature
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
    "Agreement",
    "InvariantCheck",
    "Leak",
    "NotAgreed",
    "NotPreviewable",
    "PreviewLead",
    "PreviewMeeting",
    "PreviewRun",
    "ResponseAlert",
    "Signature",
    "Slowdown",
    "may_be_previewed",
]
