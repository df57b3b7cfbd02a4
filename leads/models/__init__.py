from leads.models.backfill import Backfill
from leads.models.campaign import Campaign
from leads.models.capture_form import CaptureField, CaptureForm
from leads.models.company import Company
from leads.models.custom_field import CustomField
from leads.models.definition import MQLDefinition
from leads.models.delivery import Delivery, Notice
from leads.models.duplicate import Duplicate, MatchKeys
from leads.models.endpoint import Endpoint, EndpointSecret
from leads.models.enrichment import Enrichment, EnrichmentProvider
from leads.models.erasure import ErasureLedger
from leads.models.event import Event
from leads.models.example import Example
from leads.models.field_value import FieldValue
from leads.models.guide import BucketGuide
from leads.models.identity import Identity
from leads.models.imports import (
    Import,
    ImportChunk,
    ImportedRecord,
    ImportLine,
    ImportRun,
    NotPossible,
)
from leads.models.lead import Conversion, Lead
from leads.models.lifecycle import LifecycleStage, StageTransition, StageWording
from leads.models.mapping import Mapping, Remapping
from leads.models.merge import Merge
from leads.models.notice_choice import NoticeChoice
from leads.models.nurture import NurtureTrack
from leads.models.play import Play
from leads.models.qualification import AlreadyDecided, NeverPasses, Qualification
from leads.models.refused_event import RefusedEvent
from leads.models.rescoring import Rescoring
from leads.models.rule import RuleGroup, ScoringRule
from leads.models.score import Score
from leads.models.segment import Segment, SegmentCondition
from leads.models.sign_off import Approval, NotApprovable, NotPublishable, Side, side_of, signers
from leads.models.signal import Pending, Signal, SignalDay
from leads.models.source import SCOPES, IdempotencyKey, Source, SourceSecret, SourceToken
from leads.models.source_hour import RateLimit, SourceHour
from leads.models.touchpoint import ForgottenMonth, Touchpoint, TouchpointKey
from leads.models.user import User
from leads.models.value_list import ValueList

__all__ = [
    "SCOPES",
    "AlreadyDecided",
    "Approval",
    "Backfill",
    "BucketGuide",
    "Campaign",
    "CaptureField",
    "CaptureForm",
    "Company",
    "Conversion",
    "CustomField",
    "Delivery",
    "Duplicate",
    "Endpoint",
    "EndpointSecret",
    "Enrichment",
    "EnrichmentProvider",
    "ErasureLedger",
    "Event",
    "Example",
    "FieldValue",
    "ForgottenMonth",
    "IdempotencyKey",
    "Identity",
    "Import",
    "ImportChunk",
    "ImportLine",
    "ImportRun",
    "ImportedRecord",
    "Lead",
    "LifecycleStage",
    "MQLDefinition",
    "Mapping",
    "MatchKeys",
    "Merge",
    "NeverPasses",
    "NotApprovable",
    "NotPossible",
    "NotPublishable",
    "Notice",
    "NoticeChoice",
    "NurtureTrack",
    "Pending",
    "Play",
    "Qualification",
    "RateLimit",
    "RefusedEvent",
    "Remapping",
    "Rescoring",
    "RuleGroup",
    "Score",
    "ScoringRule",
    "Segment",
    "SegmentCondition",
    "Side",
    "Signal",
    "SignalDay",
    "Source",
    "SourceHour",
    "SourceSecret",
    "SourceToken",
    "StageTransition",
    "StageWording",
    "Touchpoint",
    "TouchpointKey",
    "User",
    "ValueList",
    "side_of",
    "signers",
]
