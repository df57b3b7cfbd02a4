"""What reps found out about leads, and the leads that are SQLs by it, through the API."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from routing.api.acting import Acts, found
from routing.api.handoffs import HandoffOutput
from routing.api.moves import DONE, ClaimShape
from routing.models import ChecklistAnswer, Handoff, Refused, checklist


class AnswerShape(serializers.Serializer):
    question = serializers.SlugField(max_length=40, help_text="The question's code.")
    answer = serializers.ChoiceField(ChecklistAnswer.Answer.choices)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ChecklistShape(ClaimShape):
    """Which handoff, and what is known of it now. Questions that are left out stay as they are."""

    answers = AnswerShape(many=True, allow_empty=False)

    def validate_answers(self, rows):
        asked = {question.code: question for question in checklist.questions()}
        unknown = [row["question"] for row in rows if row["question"] not in asked]
        if unknown:
            raise exceptions.ValidationError(
                f"There is no question {unknown[0]!r}. There are: {', '.join(asked)}."
            )
        return {asked[row["question"]]: (row["answer"], row["note"]) for row in rows}


class ChecklistLineOutput(serializers.Serializer):
    question = serializers.SlugField(source="question.code")
    label = serializers.CharField(source="question.label")
    gate = serializers.CharField(source="question.gate")
    answer = serializers.ChoiceField(ChecklistAnswer.Answer.choices)
    note = serializers.CharField(source="row.note", default="")


class ChecklistOutput(serializers.Serializer):
    """What is known of a handoff, and what is missing for an SQL."""

    handoff = serializers.IntegerField()
    confirmed = serializers.IntegerField()
    gaps = serializers.ListField(child=serializers.CharField())
    answers = ChecklistLineOutput(many=True, source="lines")


class Checklists(Acts, APIView):
    """POST keeps what a rep found out about a lead that they have accepted."""

    @extend_schema(request=ChecklistShape, responses={200: ChecklistOutput})
    @idempotent
    def post(self, request):
        said, person = self.read(ChecklistShape)
        handoff = found(Handoff.objects.visible_to(person), said["handoff"])
        try:
            ChecklistAnswer.objects.note(
                handoff, by=person, said=said["answers"], now=timezone.now()
            )
        except Refused as error:
            raise Conflict(str(error)) from None
        known = checklist.of(handoff)
        shown = {"handoff": handoff.pk, "confirmed": known.confirmed, "gaps": known.gaps}
        return Response(ChecklistOutput(shown | {"lines": known.lines}).data)


class Qualifications(Acts, APIView):
    """POST makes a lead that the rep has accepted an SQL, once the checklist's gate is met.

    One call wins (201); who qualified it already gets 200, everybody else 409 with what is missing.
    """

    @extend_schema(request=ClaimShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(ClaimShape)
        handoff = found(Handoff.objects.visible_to(person), said["handoff"])
        try:
            handoff.qualify(by=person, now=timezone.now())
        except Refused as error:
            handoff.refresh_from_db()
            if handoff.state == Handoff.State.QUALIFIED and handoff.held_by(person):
                return Response(HandoffOutput(handoff).data)
            raise Conflict(str(error)) from None
        return Response(HandoffOutput(handoff).data, status=201)
