from reporting.models.agreement import Agreement, NotAgreed, Signature
from reporting.models.invariant_check import InvariantCheck, Leak
from reporting.models.joint_review import (
    JointReview,
    NotReviewable,
    ReviewDecision,
    ReviewItem,
    Verdict,
)
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
    "JointReview",
    "Leak",
    "NotAgreed",
    "NotPreviewable",
    "NotReviewable",
    "PreviewLead",
    "PreviewMeeting",
    "PreviewRun",
    "ResponseAlert",
    "ReviewDecision",
    "ReviewItem",
    "Signature",
    "Slowdown",
    "Verdict",
    "may_be_previewed",
]
