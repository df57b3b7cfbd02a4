"""What both sides do with each bucket: a matrix of fit by readiness."""

from django import forms

from leads.admin.base import RowInline
from leads.models import BucketGuide, MQLDefinition, Score

Bucket = Score.Bucket
ROWS = ((Bucket.GOOD_READY, Bucket.GOOD_UNREADY), (Bucket.POOR_READY, Bucket.POOR_UNREADY))
NURTURES = "Stays a lead; marketing nurtures."
FATES = {
    Bucket.GOOD_UNREADY: NURTURES,
    Bucket.POOR_READY: NURTURES,
    Bucket.POOR_UNREADY: "Stays a lead; sales never sees it.",
}
AT_ONCE = "Handed over at once: stage MQL, status Contact and qualify."
CONFIRMED = "Handed over when a marketer confirms it: stage MQL, status Contact and qualify."


class BucketGuideForm(forms.ModelForm):
    class Meta:
        model = BucketGuide
        fields = ("do", "dont")
        widgets = {name: forms.Textarea(attrs={"rows": 2}) for name in ("do", "dont")}


class BucketGuideInline(RowInline):
    model = BucketGuide
    form = BucketGuideForm
    template = "admin/matrix.html"
    verbose_name_plural = "Fit and readiness: what happens to each kind of lead"
    guide = (
        "A lead of good fit reaches the threshold of fit, a ready one that of interest. Points "
        "hand over only who is both. A fast-track rule hands over whatever the bucket, and a lead "
        "that is never passed on stays. Leads show these words."
    )
    fieldsets = [(None, {"fields": BucketGuideForm.Meta.fields})]
    max_num = 0
    can_delete = False


def matrix(formset, definition):
    """Return the rows of the matrix, each of `(bucket, what happens, form or None)` cells."""
    asks = definition.decider == MQLDefinition.Decider.MARKETER
    fates = FATES | {Bucket.GOOD_READY: CONFIRMED if asks else AT_ONCE}
    forms = {form.instance.bucket: form for form in formset.forms}
    return [[(bucket, fates[bucket], forms.get(bucket)) for bucket in row] for row in ROWS]
