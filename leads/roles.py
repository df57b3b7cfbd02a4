"""Roles are groups. Each app's migration gives them exactly the permissions they have in it."""

REP = "Rep"
TEAM_LEAD = "Team lead"
MARKETER = "Marketer"
MANAGER = "Manager"
REVOPS = "RevOps"
ROLES = (REP, TEAM_LEAD, MARKETER, MANAGER, REVOPS)

VIEW = ("view",)
EDIT = ("view", "add", "change", "delete")
ADD = ("view", "add", "change")


def grant(apps, schema_editor, app_label, grants):
    """Give each role its permissions in one app; called from that app's migration.

    `grants` maps a role to a list of codenames, or of `(model, actions)` pairs.
    """
    _make_permissions(apps, app_label)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for role, wanted in grants.items():
        group, _ = Group.objects.get_or_create(name=role)
        for item in wanted:
            codenames = [item] if isinstance(item, str) else [f"{a}_{item[0]}" for a in item[1]]
            for codename in codenames:
                group.permissions.add(
                    Permission.objects.get(content_type__app_label=app_label, codename=codename)
                )


def _make_permissions(apps, app_label):
    """Make the app's permissions now: Django itself makes them only after all migrations."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes

    config = apps.get_app_config(app_label)
    config.models_module = True
    create_contenttypes(config, verbosity=0, apps=apps)
    create_permissions(config, verbosity=0, apps=apps)
    config.models_module = None
