"""On whose behalf something is done: a logged-in person acts for themselves, a source for one."""

from rest_framework import exceptions, serializers

from leads.api.permissions import PersonOrSourceMay
from leads.intake.fields import FoldedCharField
from leads.intake.shapes import Shape
from leads.models import Source, User
from routing.models import Handoff, Touch

BIGGEST = 2**63 - 1


def id_field(**kwargs):
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **kwargs)


class ActingShape(Shape):
    by = FoldedCharField(
        max_length=254,
        required=False,
        help_text="The e-mail address of the person for whom a source acts. People leave it out.",
    )


class Acts:
    """Mixed into a view on which somebody does something; they may do what the portal lets them."""

    permission_classes = [PersonOrSourceMay]
    scope = "routing:write"

    def read(self, shape_class):
        """Return `(what was sent, the person who acts)`."""
        shape = shape_class(data=self.request.data)
        shape.is_valid(raise_exception=True)
        said = dict(shape.validated_data)
        return said, _person(self.request.user, said.pop("by", ""))


def _person(caller, email):
    if not isinstance(caller, Source):
        if email:
            raise exceptions.ValidationError({"by": ["Leave this out: you act for yourself."]})
        return caller
    if not email:
        raise exceptions.ValidationError({"by": ["Say for whom, by their e-mail address."]})
    person = User.objects.filter(email__iexact=email, is_active=True).first()
    if person is None:
        raise exceptions.ValidationError({"by": ["Nobody here has this e-mail address."]})
    return person


def found(handoffs, pk):
    """Return one of these handoffs; raise NotFound where it is none of them."""
    handoff = handoffs.select_related("lead", "owner__user", "owner__team", "pool").filter(pk=pk)
    row = handoff.first()
    if row is None:
        raise exceptions.NotFound("There is no such handoff.")
    return row


def rep_of(person):
    """Return who this person is among the reps; who is none has no such page."""
    rep = getattr(person, "rep", None)
    if rep is None:
        raise exceptions.NotFound(f"{person} is no rep.")
    return rep


def must_be_wanted(channel, lead, *, asked):
    """Raise ValidationError for a channel that the lead forbade, unless they `asked` for it."""
    if Touch.Channel(channel).is_unwanted_by(lead) and not asked:
        message = "They do not want to be reached this way. Say true if they asked for it."
        raise exceptions.ValidationError({"they_asked": [message]})


def seen_by(caller):
    """The handoffs that a caller may see: a source all, a person theirs."""
    handoffs = Handoff.objects.all()
    return handoffs if isinstance(caller, Source) else handoffs.visible_to(caller)
