"""Leads change hands over the API: claimed, given to somebody else, handed back, taken back.

Each POST calls the verb that the portal calls, as the person who acts. What the person may not see
is not there (404); what they see and cannot do, or came too late for, is refused with where the
lead stands (409).
"""

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.idempotency import idempotent
from leads.api.problems import Conflict
from leads.intake.fields import FoldedCharField
from routing.api.acting import ActingShape, Acts, found, id_field
from routing.api.handoffs import HandoffOutput
from routing.models import Handoff, Pool, Reassignment, Refused, Rep

DONE = {200: HandoffOutput, 201: HandoffOutput}
WHY = "Whoever gets the lead reads this."


class ClaimShape(ActingShape):
    """Which handoff is taken on."""

    handoff = id_field()


class ReasonShape(ClaimShape):
    """Which handoff moves, and why."""

    reason = FoldedCharField(max_length=300, help_text=WHY)


class TransferShape(ReasonShape):
    """To which colleague of the team."""

    to_rep = id_field()


class ReassignmentShape(ReasonShape):
    """Where it goes: to a rep, to a pool, or by the rules to whoever they find."""

    to_rep = id_field(required=False)
    to_pool = id_field(required=False)
    by_the_rules = serializers.BooleanField(required=False)

    def validate(self, data):
        if sum(bool(data.get(name)) for name in ("to_rep", "to_pool", "by_the_rules")) != 1:
            told = "Give exactly one of to_rep, to_pool and by_the_rules."
            raise serializers.ValidationError({"to_rep": [told]})
        return data


class Claims(Acts, APIView):
    """POST takes on a lead that waits in a pool of the rep's team, or is offered to them.

    One claim wins (201). Who has it already gets 200; everybody else 409 with who was faster.
    """

    @extend_schema(request=ClaimShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(ClaimShape)
        handoff = found(Handoff.objects.known_to(person), said["handoff"])
        try:
            handoff.accept(by=person, now=timezone.now())
        except Refused as error:
            handoff.refresh_from_db()
            if handoff.state == Handoff.State.ACCEPTED and handoff.held_by(person):
                return Response(HandoffOutput(handoff).data)
            raise Conflict(str(error)) from None
        return Response(HandoffOutput(handoff).data, status=201)


class Reassignments(Acts, APIView):
    """POST gives a lead to a rep or a pool, or has it routed again, as its manager may."""

    @extend_schema(request=ReassignmentShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(ReassignmentShape)
        handoff = found(Handoff.objects.visible_to(person), said["handoff"])
        to = _place(said)
        return _moved(handoff, Reassignment.objects.reassign, to=to, by=person, said=said)


class Transfers(Acts, APIView):
    """POST offers a lead that the rep holds to a colleague of their team."""

    @extend_schema(request=TransferShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(TransferShape)
        handoff = found(Handoff.objects.visible_to(person), said["handoff"])
        to = _place(said)
        return _moved(handoff, Reassignment.objects.transfer, to=to, by=person, said=said)


class Returns(Acts, APIView):
    """POST hands a lead that the rep holds back to the pool that it came from."""

    @extend_schema(request=ReasonShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(ReasonShape)
        handoff = found(Handoff.objects.visible_to(person), said["handoff"])
        return _moved(handoff, Reassignment.objects.hand_back, by=person, said=said)


class Recoveries(Acts, APIView):
    """POST takes back, for a rep who is back, what an absence of theirs moved away."""

    @extend_schema(request=ClaimShape, responses=DONE)
    @idempotent
    def post(self, request):
        said, person = self.read(ClaimShape)
        moved = Reassignment.objects.filter(from_rep__user=person).values("handoff")
        visible = Handoff.objects.visible_to(person).values("pk")
        known = Handoff.objects.filter(Q(pk__in=visible) | Q(pk__in=moved))
        return _moved(found(known, said["handoff"]), Reassignment.objects.take_back, by=person)


def _place(said):
    """The rep or the pool that is named; None: whoever the rules find."""
    for name, model in (("to_rep", Rep), ("to_pool", Pool)):
        if said.get(name):
            place = model.objects.filter(pk=said[name]).first()
            if place is None:
                kind = model._meta.verbose_name
                raise exceptions.ValidationError({name: [f"There is no such {kind}."]})
            return place
    return None


def _moved(handoff, verb, *, by, said=None, **more):
    """Call a verb of reassignments: 201 with where the lead is now, 200 if it was there already."""
    reason = {"reason": said["reason"]} if said else {}
    try:
        row = verb(handoff, by=by, now=timezone.now(), **reason, **more)
    except Refused as error:
        raise Conflict(str(error)) from None
    return Response(HandoffOutput(handoff).data, status=201 if row else 200)
