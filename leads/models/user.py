from datetime import time
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """Makes users who log in with their e-mail address."""

    use_in_migrations = True

    def get_by_natural_key(self, username):
        return self.get(email__iexact=username)

    def create_user(self, email, password=None, **fields):
        """Return a new active user. Without a password the user cannot log in yet."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def who_may(self, app_label, codename):
        """The active people to whom a role of theirs gives this permission."""
        granted = Q(
            groups__permissions__codename=codename,
            groups__permissions__content_type__app_label=app_label,
        )
        return self.filter(granted, is_active=True).distinct().order_by("pk")

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


def validate_zone(name):
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone of the IANA database.", "zone")


class User(AbstractUser):
    """Somebody who logs in: a rep, team lead, marketer, manager or RevOps."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    zone = models.CharField(
        "time zone",
        max_length=50,
        default="UTC",
        validators=[validate_zone],
        help_text="IANA name, for example Europe/Berlin. Times on screen are shown in it.",
    )
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(
        max_length=12,
        choices=[("comfortable", "Comfortable"), ("compact", "Compact")],
        default="comfortable",
    )
    shortcuts = models.BooleanField("keyboard shortcuts", default=True)
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="No mail from this time on, in your time zone."
    )
    quiet_until = models.TimeField(
        null=True, blank=True, help_text="Mails that waited come then, as one."
    )
    late_at_night = models.BooleanField(
        "late promises pass quiet hours",
        default=True,
        help_text="A promise that was missed is mailed at once, at any time.",
    )
    digest_at = models.TimeField("daily digest at", default=time(8), help_text="In your time zone.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc,assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="leads_one_user_per_email"),
        ]
        permissions = [
            ("use_admin", "Can open the admin"),
            ("invite_user", "Can send an invitation to set a password"),
        ]

    def __str__(self):
        return self.get_full_name() or self.email

    def clean(self):
        super().clean()
        self.email = self.email.lower()

    @property
    def tzinfo(self):
        """The user's zone as a tzinfo."""
        return ZoneInfo(self.zone)

    @property
    def initials(self):
        return "".join(part[0] for part in str(self).split()[:2]).upper()
