"""What a list of the queue may be narrowed to; the address holds it."""

from django import forms

from leads.models import Score


class QueueFilterForm(forms.Form):
    tier = forms.ChoiceField(required=False, choices=[("", "Any"), *Score.Tier.choices])
    source = forms.ChoiceField(required=False)

    COLUMNS = {"tier": "tier", "source": "lead__lead_source"}

    def __init__(self, query, *, sources):
        """`sources` are offered; one that the address names is asked, though it occurs no more."""
        super().__init__(query)
        asked = query.get("source", "").replace("\0", "")  # that byte no database holds
        offered = dict.fromkeys([*sources, *([asked] if asked else [])])
        self.fields["source"].choices = [("", "Any"), *((one, one) for one in offered)]

    def asked(self):
        """Return `{field: value}` of what the list is narrowed to."""
        self.is_valid()
        said = self.cleaned_data
        return {name: said[name] for name in self.COLUMNS if said.get(name)}

    def narrow(self, handoffs):
        """Return those of the handoffs for which all holds that is asked."""
        return handoffs.filter(
            **{self.COLUMNS[name]: value for name, value in self.asked().items()}
        )
