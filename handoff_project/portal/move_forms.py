"""Forms that give a lead to somebody else."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from handoff_project.portal.forms import PageForm
from leads.text import whole
from routing.models import Absence, Pool, Rep, Skip
from routing.models.reassignment import targets_of

BY_THE_RULES = "rules"


class ReasonForm(PageForm):
    """Why a lead moves; whoever gets it reads this."""

    reason = forms.CharField(
        label="Why?",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="Whoever gets the lead reads this, and it stays in the lead's timeline.",
        error_messages={"required": "Say why."},
    )


class TargetField(forms.ChoiceField):
    """A rep, a pool, or (None) whoever the rules say."""

    def __init__(self, **kwargs):
        super().__init__(error_messages={"required": "Choose who gets it."}, **kwargs)
        self.found: dict = {}

    def offer(self, reps, pools=(), *, now, by_the_rules=False):
        """Offer these, with whoever is away saying so."""
        away = {one.rep_id: one.ends_at for one in Absence.objects.away(now)}
        named = [(key_of(rep), _named(rep, away.get(rep.pk))) for rep in reps]
        waiting = [(key_of(pool), str(pool)) for pool in pools]
        self.found = {key_of(place): place for place in [*reps, *pools]}
        groups = [("Reps", named), ("Pools", waiting)]
        if by_the_rules:
            self.found[BY_THE_RULES] = None
            label = "Whoever the routing rules say, within seconds"
            groups.append(("By the rules", [(BY_THE_RULES, label)]))
        self.choices = [("", "Choose"), *[group for group in groups if group[1]]]

    def clean(self, value):
        return self.found[super().clean(value)]


def key_of(place):
    """Return a rep or a pool as the value of a choice; see `place_of`."""
    return f"{'rep' if isinstance(place, Rep) else 'pool'}-{place.pk}"


def place_of(text):
    """Return the rep or the pool of such a value; None where there is none."""
    kind, _, number = text.partition("-")
    model = {"rep": Rep, "pool": Pool}.get(kind)
    return model.objects.filter(pk=whole(number)).first() if model and whole(number) else None


def _named(rep, back):
    away = f", away until {date_format(timezone.localtime(back), 'D j M H:i')}" if back else ""
    return f"{rep} ({rep.team}{away})"


class ReassignForm(ReasonForm):
    to = TargetField(label="Who gets it?")
    field_order = ["to", "reason"]

    def __init__(self, *args, user, now, **kwargs):
        super().__init__(*args, **kwargs)
        reps, pools = targets_of(user)
        self.fields["to"].offer(reps, pools, now=now, by_the_rules=True)


class TransferForm(ReasonForm):
    to = TargetField(
        label="To which colleague?",
        help_text="The lead waits for them to accept it. Until they do, it is theirs to answer.",
    )
    field_order = ["to", "reason"]

    def __init__(self, *args, user, now, **kwargs):
        super().__init__(*args, **kwargs)
        rep = user.rep
        colleagues = rep.team.reps.filter(user__is_active=True).exclude(pk=rep.pk)
        self.fields["to"].offer(colleagues.select_related("user", "team"), now=now)


class SkipForm(PageForm):
    """Why a rep does not take the lead that Work next shows."""

    reason = forms.ChoiceField(
        label="Why do you skip it?",
        choices=[("", "Choose a reason"), *Skip.Reason.choices],
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=300,
        help_text="Needed for “Something else”. Your manager sees skips and their reasons.",
    )

    def clean(self):
        super().clean()
        said = self.cleaned_data
        if said.get("reason") == Skip.Reason.OTHER and not said.get("note", "").strip():
            self.add_error("note", ValidationError("Say why: this reason needs a note.", "note"))
