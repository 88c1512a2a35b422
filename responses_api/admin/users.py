"""Users and the roles they have: Django's own pages, in the admin's look."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from responses_api.admin.records import AnyModelAdmin

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserCreationForm
    from django.contrib.auth.forms import UserChangeForm as AnyUserChangeForm

    UserChangeForm = AnyUserChangeForm[User]
    AnyUserAdmin = UserAdmin[User]
else:
    AnyUserAdmin = UserAdmin
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(AnyUserAdmin, AnyModelAdmin):
    """People, who own keys and what their keys make."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access to the admin", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class RoleAdmin(GroupAdmin, AnyModelAdmin):
    """Bundles of permissions, for instance ``operators`` and ``members``."""
