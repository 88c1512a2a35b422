"""Actions that cannot be taken back: a page asks before they are done."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED = "confirmed"
"""The form field that says so."""
MOST_NAMED = 100

type Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


def confirmed(warning: str) -> Callable[[Action], Action]:
    """A decorator for an admin action, below ``admin.action``: asks first.

    Args:
        warning: what will happen, in a sentence or two.
    """

    def asking(action: Action) -> Action:
        @wraps(action)
        def ask_or_act(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
            if CONFIRMED in request.POST:
                return action(model_admin, request, rows)
            return _question(model_admin, request, rows, warning)

        return ask_or_act

    return asking


def _question(model_admin: Any, request: HttpRequest, rows: QuerySet[Any], warning: str) -> HttpResponse:
    name = request.POST["action"]
    description = dict(model_admin.get_action_choices(request)).get(name, name)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": description,
        "warning": warning,
        "rows": rows[:MOST_NAMED],
        "more": max(0, rows.count() - MOST_NAMED),
        "action": name,
        "confirmed": CONFIRMED,
        "checkbox": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/responses_api/confirm.html", context)
