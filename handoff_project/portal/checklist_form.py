from django import forms

from handoff_project.portal.forms import PageForm
from routing.models import ChecklistAnswer


class ChecklistForm(PageForm):
    """What the rep found out: an answer and a note for each question of a checklist."""

    def __init__(self, *args, checklist, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = checklist.lines
        for line in self.lines:
            code, question = line.question.code, line.question
            self.fields[f"{code}_answer"] = forms.ChoiceField(
                label=question.label,
                choices=ChecklistAnswer.Answer,
                initial=line.answer,
                help_text=f"{question.evidence} {question.get_gate_display()}.".strip(),
            )
            self.fields[f"{code}_note"] = forms.CharField(
                label=f"Note on {question.label.lower()}",
                required=False,
                max_length=2000,
                initial=line.row.note if line.row else "",
            )

    def said(self):
        """Return the answers as `ChecklistAnswer.objects.note` takes them."""
        given = self.cleaned_data
        return {
            line.question: (
                given[f"{line.question.code}_answer"],
                given[f"{line.question.code}_note"],
            )
            for line in self.lines
        }
