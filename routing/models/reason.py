from django.db import models


class RejectionReasonQuerySet(models.QuerySet["RejectionReason"]):
    def offered(self):
        """Those that a rep may choose now, in the order of the form."""
        found = self.filter(is_active=True, group__is_active=True).select_related("group")
        return found.order_by("group__position", "position", "pk")


class RejectionReason(models.Model):
    """Why a rep may send a lead back, in two levels: a group and the reasons in it."""

    class Destination(models.TextChoices):
        NURTURE = "nurture", "Back to nurture"
        DISQUALIFY = "disqualify", "Disqualified; not to be worked"

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    group = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reasons",
        limit_choices_to={"group": None},
        help_text="Empty for a group itself.",
    )
    destination = models.CharField(max_length=12, choices=Destination, default=Destination.NURTURE)
    needs_note = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = RejectionReasonQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self):
        return self.label


class Rejection(models.Model):
    """A rep's answer that this was no good lead: by whom, when, why, and where it went."""

    handoff = models.OneToOneField("Handoff", models.CASCADE, related_name="rejection")
    reason = models.ForeignKey(RejectionReason, models.PROTECT, related_name="rejections")
    note = models.TextField(blank=True, default="")
    destination = models.CharField(max_length=12, choices=RejectionReason.Destination)
    rejected_by = models.ForeignKey("leads.User", models.PROTECT, related_name="+")
    rejected_at = models.DateTimeField()

    def __str__(self):
        return f"{self.handoff}: {self.reason}"
