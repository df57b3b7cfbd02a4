"""The form in which somebody writes down what they know of a lead."""

from uuid import uuid4

from django import forms

from handoff_project.portal.forms import PageForm


class NoteForm(PageForm):
    note = forms.CharField(
        label="Note",
        max_length=2000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": "Write the note."},
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
