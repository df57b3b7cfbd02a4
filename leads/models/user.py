from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
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
