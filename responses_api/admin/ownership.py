"""Rows that somebody owns and may edit: operators everybody's, members a little of their own."""

from typing import Any

from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest

from responses_api.access.visibility import sees_all
from responses_api.admin.records import AnyModelAdmin


class OwnedAdmin(AnyModelAdmin):
    """What a member makes is theirs, whatever the form says."""

    owner_lookup = "owner"
    member_fields: tuple[str, ...] = ()
    """The fields that members fill in; they read the others, and see none of them before there is a row."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """For a member's new row only the fields that they fill in."""
        if obj is None and not sees_all(request.user):
            return [(None, {"fields": self.member_fields})]
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """For members all fields but theirs."""
        if sees_all(request.user):
            return super().get_readonly_fields(request, obj)
        shown = flatten_fieldsets(self.get_fieldsets(request, obj))
        return [field for field in shown if field not in self.member_fields]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Give a member's new row its owner."""
        if not change and not sees_all(request.user):
            obj.owner = request.user
        super().save_model(request, obj, form, change)
