"""The sidebar: the gateway's pages in the field's terms, each where one may see it."""

from typing import Any, TypedDict

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse


class _Page(TypedDict):
    title: str
    icon: str
    link: str
    """The name of its URL."""
    permission: str
    """Who may see it; empty: all who may sign in."""


def _list_of(model: str, title: str, icon: str, app: str = "responses_api") -> _Page:
    return {
        "title": title,
        "icon": icon,
        "link": f"admin:{app}_{model}_changelist",
        "permission": f"{app}.view_{model}",
    }


_GROUPS: list[tuple[str, list[_Page]]] = [
    (
        "",
        [
            {"title": "Dashboard", "icon": "monitoring", "link": "admin:index", "permission": ""},
            {
                "title": "Playground",
                "icon": "play_circle",
                "link": "admin:playground",
                "permission": "responses_api.use_playground",
            },
        ],
    ),
    (
        "Records",
        [
            _list_of("trace", "Traces", "timeline"),
            _list_of("response", "Responses", "chat"),
            _list_of("conversation", "Conversations", "forum"),
            _list_of("usage", "Usage", "data_usage"),
        ],
    ),
    (
        "Access",
        [
            _list_of("apikey", "Keys", "key"),
            _list_of("credential", "Credentials", "badge"),
            _list_of("userlimits", "User limits", "speed"),
            _list_of("user", "Users", "person", app="auth"),
            _list_of("group", "Roles", "groups", app="auth"),
        ],
    ),
    (
        "Serving",
        [
            _list_of("servedmodel", "Models", "neurology"),
            _list_of("prompttemplate", "Prompts", "edit_note"),
            _list_of("webhookendpoint", "Webhooks", "webhook"),
            _list_of("webhookdelivery", "Deliveries", "outgoing_mail"),
            _list_of("logentry", "Audit log", "policy", app="auditlog"),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of links that this person may follow, in the theme's form."""
    groups = [
        {"title": title, "separator": bool(title), "items": _items(request, pages)}
        for title, pages in _GROUPS
    ]
    return [group for group in groups if group["items"]]


def stylesheet(request: HttpRequest) -> str:
    """The address of the gateway's own additions to the theme."""
    return static("responses_api/admin/admin.css")


def favicon(request: HttpRequest) -> str:
    """The address of the icon."""
    return static("responses_api/admin/icon.svg")


def _items(request: HttpRequest, pages: list[_Page]) -> list[dict[str, Any]]:
    items = []
    for page in pages:
        if page["permission"] and not request.user.has_perm(page["permission"]):
            continue
        try:
            link = reverse(page["link"])
        except NoReverseMatch:
            # The page belongs to a part that is not installed.
            continue
        items.append({"title": page["title"], "icon": page["icon"], "link": link})
    return items
