from sla.models.acknowledgement import HOLDS, Acknowledgement
from sla.models.clock import Clock, Outcome, Reading
from sla.models.escalation import Escalation
from sla.models.pause import Pause
from sla.models.policy import NotDraft, Policy
from sla.models.silence import Silence
from sla.models.step import Step
from sla.models.target import ClockKind, Target

__all__ = [
    "HOLDS",
    "Acknowledgement",
    "Clock",
    "ClockKind",
    "Escalation",
    "NotDraft",
    "Outcome",
    "Pause",
    "Policy",
    "Reading",
    "Silence",
    "Step",
    "Target",
]
