import secrets
from hashlib import blake2b

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ErasureQuerySet(models.QuerySet["ErasureLedger"]):
    def salt(self):
        """Return the salt of the whole ledger: that of its first row, or a new one."""
        first = self.order_by("pk").values_list("salt", flat=True).first()
        return first or secrets.token_hex(16)

    def of(self, address):
        """Return the erasures of an address, in its normal form: newest first."""
        salts = self.order_by().values_list("salt", flat=True).distinct()
        digests = [digest_of_address(address, salt) for salt in salts]
        return self.filter(digests__overlap=digests).order_by("-erased_at", "-pk")


class ErasureLedger(models.Model):
    """That a person was erased: when, by whom and why. Rows are added, never changed.

    Their addresses stand here as keyed hashes alone: enough to say of an address that comes again
    that it was erased once, not enough to read it. The salt is the ledger's own, so that neither a
    new secret key nor a restored backup makes it forget.
    """

    lead = models.OneToOneField("Lead", models.PROTECT, related_name="erasure")
    salt = models.CharField(max_length=32, editable=False)
    digests = ArrayField(models.CharField(max_length=64), help_text="Of the addresses.")
    reason = models.CharField(max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    source = models.ForeignKey(
        "Source", models.PROTECT, null=True, help_text="The system that asked for it."
    )
    erased_at = models.DateTimeField()
    counts = models.JSONField(default=dict, help_text="How many rows of which kind were emptied.")

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = "erasure"
        verbose_name_plural = "erasures"
        ordering = ["-erased_at", "-pk"]
        permissions = [
            ("erase_lead", "Can erase a lead"),
            ("export_lead", "Can export all that is held of a lead"),
        ]

    def __str__(self):
        return f"Erasure of lead {self.lead_id}"


def digest_of_address(address, salt):
    """Return the keyed hash of an address in its normal form."""
    return blake2b(address.encode(), key=salt.encode(), digest_size=32).hexdigest()
