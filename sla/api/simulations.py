"""Who would get a lead, why, and by when they would have to do what; nothing is written."""

from datetime import UTC

from django.core.exceptions import ValidationError as Invalid
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.permissions import PersonOrSourceMay
from leads.conditions import facts
from leads.intake.fields import ObjectField
from leads.intake.shapes import Shape
from leads.models import Lead, Source
from routing import simulation
from routing.api.acting import id_field
from routing.api.decisions import ExplanationOutput
from routing.models import Rep, RuleSet
from sla import clocks, words


class DidShape(Shape):
    """What a lead on paper did: a signal's key, how often, and how many days ago."""

    signal = serializers.CharField(max_length=80)
    times = serializers.IntegerField(min_value=1, max_value=facts.MOST_TIMES)
    days_ago = serializers.IntegerField(min_value=0, max_value=facts.LONGEST_AGO)


class SimulationShape(Shape):
    """A lead that is there, values, or both; when, by which rules, and who is away."""

    lead = id_field(required=False)
    values = ObjectField(
        required=False,
        help_text="By the names that conditions use: country, company.employees, custom.KEY. "
        "With a lead, they count instead of its own.",
    )
    did = DidShape(many=True, required=False)
    rule_set = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="A version; else the live one."
    )
    at = serializers.DateTimeField(required=False, help_text="Else now.")
    away = serializers.ListField(
        child=id_field(), max_length=1000, required=False, help_text="Reps taken as away."
    )

    def validate(self, data):
        if not {"lead", "values", "did"}.intersection(data):
            raise serializers.ValidationError({"lead": ["Name a lead, or give values."]})
        if "at" in data:
            try:
                simulation.check_moment(data["at"], now=timezone.now())
            except Invalid as error:
                raise serializers.ValidationError({"at": error.messages}) from None
        return data


class DueOutput(serializers.Serializer):
    """One promise and its deadline."""

    clock = serializers.CharField(source="kind")
    due_at = serializers.DateTimeField()
    promise = serializers.SerializerMethodField()
    policy = serializers.CharField()

    @extend_schema_field(str)
    def get_promise(self, clock):
        return words.within(clock.target) + words.at_latest(clock.target)


class SimulationOutput(serializers.Serializer):
    """Who would get it: a rep, or without one the pool in which it would wait."""

    rule_set = serializers.IntegerField(source="decision.rule_set.version")
    rep = serializers.IntegerField(source="decision.rep_id", allow_null=True)
    rep_name = serializers.CharField(source="decision.rep", allow_null=True)
    pool = serializers.IntegerField(source="decision.pool_id")
    pool_name = serializers.CharField(source="decision.pool")
    nobody = serializers.BooleanField(source="decision.nobody")
    explanation = ExplanationOutput(source="why")
    due = DueOutput(many=True)


class Simulations(APIView):
    """POST says who would get a lead, why, and what would be promised. It writes nothing."""

    permission_classes = [PersonOrSourceMay]
    scope = "routing:read"

    @extend_schema(request=SimulationShape, responses=SimulationOutput)
    @idempotent
    def post(self, request):
        user, now = request.user, timezone.now()
        if not isinstance(user, Source) and not user.has_perm("routing.view_ruleset"):
            raise exceptions.PermissionDenied("Rule sets are not yours to read.")
        shape = SimulationShape(data=request.data)
        shape.is_valid(raise_exception=True)
        said = shape.validated_data
        # Windows count whole days of UTC.
        at, away = said.get("at", now).astimezone(UTC), _away(said)
        subject, version = _subject(said, user, today=at.date()), _version(said)
        try:
            found = simulation.simulate(subject, version, now=at, away=away)
        except Invalid as error:
            raise exceptions.ValidationError({"rule_set": error.messages}) from None
        due = clocks.foreseen(found.handoff, subject.judged)
        answer = {"decision": found.decision, "why": found.why, "due": due}
        return Response(SimulationOutput(answer).data)


def _subject(said, user, *, today):
    lead = _lead(said["lead"], user) if "lead" in said else None
    if not said.get("values") and not said.get("did"):
        return simulation.of_lead(lead, today=today) if lead else _on_paper({}, today, None)
    return _on_paper(said, today, lead)


def _on_paper(said, today, lead):
    on_paper = {"fields": said.get("values", {}), "did": list(map(dict, said.get("did", ())))}
    for name, part in (("values", "fields"), ("did", "did")):
        try:
            facts.check({part: on_paper[part]})
        except facts.BadFact as error:
            raise exceptions.ValidationError({name: [str(error)]}) from None
    try:
        return simulation.of_values(on_paper, today=today, lead=lead)
    except Invalid as error:
        raise exceptions.ValidationError({"values": error.messages}) from None


def _lead(pk, user):
    leads = Lead.objects.known().unmerged()
    seen = leads if isinstance(user, Source) else leads.visible_to(user)
    lead = seen.select_related("company").filter(pk=pk).first()
    if lead is None:
        raise exceptions.ValidationError({"lead": ["There is no such lead."]})
    return lead


def _version(said):
    if "rule_set" in said:
        version = RuleSet.objects.filter(version=said["rule_set"]).first()
        missing = f"There is no rule set v{said['rule_set']}."
    else:
        version, missing = RuleSet.objects.live(), "No rule set is published yet."
    if version is None:
        raise exceptions.ValidationError({"rule_set": [missing]})
    return version


def _away(said):
    wanted = set(said.get("away", ()))
    known = set(Rep.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - known:
        told = f"There is no rep {min(wanted - known)}."
        raise exceptions.ValidationError({"away": [told]})
    return known
