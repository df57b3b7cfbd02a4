from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils import timezone

from leads import invitations
from leads.admin.base import HandoffModelAdmin
from leads.models import User
from leads.roles import ROLES


class UserForm(forms.ModelForm):
    zone = forms.ChoiceField(
        label="Time zone",
        choices=[(zone, zone) for zone in sorted(available_timezones())],
        initial="UTC",
        help_text="Times on screen are shown in it.",
    )
    is_active = forms.BooleanField(
        label="Active", initial=True, required=False, help_text="May log in."
    )
    groups = forms.ModelMultipleChoiceField(
        label="Roles",
        queryset=Group.objects.filter(name__in=ROLES).order_by("pk"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="What the person may see and do.",
    )

    def clean_groups(self):
        """Keep the groups that are no roles: they are not given or taken here."""
        chosen = self.cleaned_data["groups"]
        if self.instance.pk is None:
            return chosen
        kept = self.instance.groups.exclude(name__in=ROLES)
        return Group.objects.filter(Q(pk__in=chosen) | Q(pk__in=kept))


@admin.register(User)
class UserAdmin(HandoffModelAdmin):
    """People. They are invited, never given a password, and deactivated, never deleted.

    Whether somebody is a superuser is decided on the command line alone.
    """

    about = "Who may log in, with which role. New people get an invitation by e-mail."
    form = UserForm
    list_display = ("email", "name", "roles", "is_active", "last_login")
    list_filter = ("is_active", ("groups", admin.RelatedOnlyFieldListFilter))
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    actions = ["invite_again", "deactivate"]
    fields = ("email", "first_name", "last_name", "zone", "groups", "is_active")

    @admin.display(ordering="first_name")
    def name(self, user):
        return user.get_full_name()

    def roles(self, user):
        named = [group.name for group in user.groups.all()]
        return ", ".join(["Superuser", *named] if user.is_superuser else named)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request, obj=None):
        """Nobody changes their own role or locks themselves out."""
        return ("groups", "is_active") if obj == request.user else ()

    def has_change_permission(self, request, obj=None):
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request, obj=None):
        return False

    def has_invite_permission(self, request):
        return request.user.has_perm("leads.invite_user")

    def save_model(self, request, obj, form, change):
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change and self.has_invite_permission(request):
            invitations.invite(obj, by=request.user, now=timezone.now())
            self.message_user(request, f"An invitation goes to {obj.email}.")
        if "email" in form.changed_data:
            # An address that is no longer theirs must not log in or get a new password.
            EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()
        if not obj.is_active:
            invitations.withdraw([obj])

    @admin.action(description="Send an invitation again", permissions=["invite"])
    def invite_again(self, request, queryset):
        invited = [user for user in queryset.filter(is_active=True) if self._may(request, user)]
        for user in invited:
            invitations.invite(user, by=request.user, now=timezone.now())
        self.message_user(request, f"Invitations that will be sent: {len(invited)}.")

    @admin.action(description="Deactivate: may no longer log in", permissions=["change"])
    def deactivate(self, request, queryset):
        found = [user for user in queryset.filter(is_active=True) if self._may(request, user)]
        ended = [user for user in found if user != request.user]
        User.objects.filter(pk__in=[user.pk for user in ended]).update(is_active=False)
        invitations.withdraw(ended)
        for user in ended:
            self.log_change(request, user, "Deactivated.")
        self.message_user(request, f"People deactivated: {len(ended)}.")

    def _may(self, request, user):
        return self.has_change_permission(request, user)
