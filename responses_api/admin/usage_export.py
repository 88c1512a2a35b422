"""Usage as a file to download, of as many rows as there are: it is sent as it is read."""

from collections.abc import AsyncIterator
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views import View as ClassBasedView

from responses_api.access.visibility import sees_all
from responses_api.admin.dashboard_span import View, view_of
from responses_api.runtime import database
from responses_api.statistics.figures import Selection
from responses_api.statistics.periods import Period
from responses_api.statistics.usage_files import FileForm, encode, head
from responses_api.statistics.usage_rows import UsageRow, read_page


class UsageExportView(PermissionRequiredMixin, ClassBasedView):
    """``?form=csv`` or ``jsonl``, with the parameters of the dashboard: what it shows, row by row."""

    permission_required = "responses_api.view_usage"
    raise_exception = True
    admin_site: AdminSite | None = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        """The file. Its rows are those that this person may see."""
        try:
            form = FileForm(request.GET.get("form", "csv"))
        except ValueError:
            raise Http404("There is no such form.") from None
        view = view_of(request.GET, timezone.now())
        selection = view.selection(None if sees_all(request.user) else request.user.pk)
        answer = StreamingHttpResponse(
            _parts(view.span.period, selection, form), content_type=form.content_type
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{_name(view)}.{form.value}"'
        return answer


async def _parts(period: Period, selection: Selection, form: FileForm) -> AsyncIterator[bytes]:
    yield head(form)
    after: UsageRow | None = None
    while page := await database.run(read_page, period, selection, after):
        yield encode(page, form)
        after = page[-1]


def _name(view: View) -> str:
    since, until = view.span.period.since, view.span.period.until
    return f"usage-{since:%Y%m%dT%H%M}-{until:%Y%m%dT%H%M}"
