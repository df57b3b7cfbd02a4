"""Which of several questions hold for one lead: what routing and policies ask."""

from django.db.models import BooleanField, Case, Value, When

from leads.conditions import language
from leads.models import Lead


def holds(lead_id, forms, *, today):
    """Return `{key: bool}` for `forms`, a dict of segments in the intermediate form. One query."""
    if not forms:
        return {}
    asked = {
        f"q{number}": Case(
            When(language.to_q(form, today=today), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        for number, form in enumerate(forms.values())
    }
    answers = Lead.objects.filter(pk=lead_id).annotate(**asked).values_list(*asked).get()
    return dict(zip(forms, answers, strict=True))
