"""The playground: a request sent from the admin with a key that one sees, and its events as they arrive.

This is the page; what it sends goes to ``responses_api.consumers.playground``.
"""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db.models import Q
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.generic import TemplateView

from responses_api.access.sessions import USE_PLAYGROUND
from responses_api.access.visibility import visible_to
from responses_api.models import ApiKey, ServedModel

MOST_KEYS = 500
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")


@method_decorator(ensure_csrf_cookie, name="dispatch")
class PlaygroundView(PermissionRequiredMixin, TemplateView):
    """The form, with the keys that this person sees and that are accepted."""

    template_name = "admin/responses_api/playground.html"
    permission_required = USE_PLAYGROUND
    raise_exception = True
    admin_site: AdminSite | None = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page offers to choose from: two queries."""
        assert self.admin_site is not None
        accepted = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
        keys = visible_to(self.request.user, ApiKey.objects.select_related("owner").filter(accepted))
        return {
            **super().get_context_data(**kwargs),
            **self.admin_site.each_context(self.request),
            "title": "Playground",
            "keys": keys.order_by("owner__username", "name", "pk")[:MOST_KEYS],
            "models": ServedModel.objects.filter(enabled=True).order_by("-created", "name"),
            "efforts": EFFORTS,
            "previous": self.request.GET.get("previous_response_id", ""),
        }
