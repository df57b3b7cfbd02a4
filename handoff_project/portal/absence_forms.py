"""The form of an absence: when, who covers, and what becomes of open work."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from handoff_project.portal.forms import UNSTORABLE, MinuteField
from routing import absences
from routing.models import Absence, Rep


class AbsenceForm(forms.ModelForm):
    """Checked and saved in one transaction: see `Absence`."""

    starts_at = MinuteField(label="From")
    ends_at = MinuteField(label="Until", help_text="From this moment they are back.")
    anyway = forms.BooleanField(
        label="Plan it anyway",
        required=False,
        help_text="Leads that come in that time wait in the pool, and the manager is told.",
    )

    class Meta:
        model = Absence
        fields = ("starts_at", "ends_at", "cover", "on_open_work", "note")
        help_texts = {
            "cover": "Gets what would be theirs, and their open work if you choose so below.",
            "note": "For the team, for example “Parental leave”.",
        }
        labels = {"cover": "Cover", "on_open_work": "Leads that they hold now", "note": "Note"}

    def __init__(self, *args, rep, now, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.rep, self.now = rep, now
        self.instance.rep = rep
        covers = Rep.objects.filter(user__is_active=True).exclude(pk=rep.pk)
        in_order = covers.select_related("user", "team").order_by("team__name", "pk")
        self.fields["cover"].queryset = in_order
        self.fields["cover"].empty_label = "Nobody: the others of the team, by turns"
        zone = timezone.get_current_timezone_name()
        self.fields["starts_at"].help_text = f"In your time zone, {zone}."
        if self.instance.begun_at:
            # Open work has been dealt with; the past is not written anew.
            for name in ("starts_at", "on_open_work"):
                self.fields[name].disabled = True
        if not self.is_bound or not self._leaves_nobody():
            del self.fields["anyway"]

    def _get_validation_exclusions(self):
        """The rep is no field of the form, but what holds for them is checked all the same."""
        return super()._get_validation_exclusions() - {"rep"}

    def clean_note(self):
        return UNSTORABLE.sub("", self.cleaned_data["note"])

    def clean(self):
        super().clean()
        ends_at = self.cleaned_data.get("ends_at")
        if ends_at and ends_at <= self.now:
            self.add_error("ends_at", ValidationError("This time is over already.", "over"))
        if "anyway" in self.fields and not self.cleaned_data.get("anyway"):
            self.add_error("anyway", ValidationError(self._leaves_nobody(), "nobody"))

    def _leaves_nobody(self):
        """Say when nobody of the team would be there in the range that was sent, if so."""
        said = []
        for name in ("starts_at", "ends_at"):
            try:
                value = self.fields[name].clean(self.data.get(self.add_prefix(name), ""))
            except ValidationError:
                return ""
            said.append(self.initial.get(name) if self.fields[name].disabled else value)
        begins, ends = said
        if begins is None or ends is None or begins >= ends:
            return ""
        found = absences.unattended(self.rep, begins, ends)
        if found is None:
            return ""
        pools, begins, ends = found
        names = " and ".join(str(pool) for pool in pools)
        begins, ends = (date_format(timezone.localtime(at), "D j M H:i") for at in (begins, ends))
        return f"{names} would have nobody from {begins} to {ends}."
