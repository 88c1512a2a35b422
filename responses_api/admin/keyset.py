"""Lists that are paged by the last row seen: any page costs the same, and nothing is counted.

A list's order is that of its ``keyset``: a time and an id, newest first. The address of a page
names the row that it begins after (``before``) or ends before (``newer``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from responses_api.admin.records import RecordAdmin

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

OLDER = "before"
NEWER = "newer"
OPEN = "open"
"""Ids of rows to give as they are now, whatever the page, for the live list."""
MAX_OPEN = 100


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place in the order of its list."""

    at: datetime
    key: str

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor that ``str`` wrote; None for anything else."""
        at, _, key = text.replace("\x00", "").partition("~")
        try:
            moment = parse_datetime(at)
        except ValueError:
            return None
        return cls(moment, key) if moment is not None and moment.tzinfo is not None and key else None

    @classmethod
    def of(cls, row: Model, keyset: tuple[str, str]) -> "Cursor":
        """The place of ``row``."""
        time, key = keyset
        return cls(getattr(row, time), str(getattr(row, key)))

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.key}"

    def older(self, keyset: tuple[str, str]) -> Q:
        """Rows that come after this one; the first condition is one that an index can use."""
        time, key = keyset
        return Q(**{f"{time}__lte": self.at}) & (
            Q(**{f"{time}__lt": self.at}) | Q(**{f"{key}__lt": self.key})
        )

    def newer(self, keyset: tuple[str, str]) -> Q:
        """Rows that come before this one."""
        time, key = keyset
        return Q(**{f"{time}__gte": self.at}) & (
            Q(**{f"{time}__gt": self.at}) | Q(**{f"{key}__gt": self.key})
        )


class KeysetPaginator(AnyPaginator):
    """Says how pages are shown; the change list does the paging."""

    template_name = "admin/responses_api/keyset_pages.html"

    @property
    def count(self) -> int:
        """Not known: nobody has counted."""
        return 0


class KeysetChangeList(ChangeList):
    """One page of a list, found by an index."""

    model_admin: "KeysetAdmin"

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """The parameters of filters that say something; the place in the list is none."""
        named = super().get_filters_params(params)
        return {
            name: values
            for name, values in named.items()
            if name not in (OLDER, NEWER, OPEN) and values not in ("", [""])
        }

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Always the keyset's."""
        return [f"-{name}" for name in self.model_admin.keyset]

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than the page shows, to know whether it goes on."""
        keyset, size = self.model_admin.keyset, self.list_per_page
        before, newer = (self._cursor(request.GET.get(name, "")) for name in (OLDER, NEWER))
        rows = self.queryset
        if newer is not None:
            wanted = newer.newer(keyset)
            if still_open := request.GET.getlist(OPEN)[:MAX_OPEN]:
                wanted |= Q(pk__in=still_open)
            found = list(rows.filter(wanted).order_by(*keyset)[: size + 1])
            page = found[:size][::-1]
            self.has_newer, self.has_older = len(found) > size, True
        else:
            found = list((rows if before is None else rows.filter(before.older(keyset)))[: size + 1])
            page = found[:size]
            self.has_newer, self.has_older = before is not None, len(found) > size
        self.newest = Cursor.of(page[0], keyset) if page else newer
        self.oldest = Cursor.of(page[-1], keyset) if page else before
        self.result_list: Any = page
        self.result_count = len(page)
        self.full_result_count = self.result_count
        self.show_full_result_count = False
        self.show_admin_actions = bool(page)
        self.can_show_all = False
        self.multi_page = False
        self.paginator = KeysetPaginator(page, size)

    def _cursor(self, text: str) -> Cursor | None:
        """The cursor in ``text`` if it can be one of this list's."""
        cursor = Cursor.read(text)
        if cursor is not None:
            field: Any = self.opts.get_field(self.model_admin.keyset[1])
            try:
                field.to_python(cursor.key)
            except ValidationError:
                return None
        return cursor

    @property
    def older_page(self) -> str:
        """The query of the page after this one."""
        return self.get_query_string({OLDER: str(self.oldest)}, [NEWER, OPEN])

    @property
    def newer_page(self) -> str:
        """The query of the page before this one."""
        return self.get_query_string({NEWER: str(self.newest)}, [OLDER, OPEN])

    @property
    def first_page(self) -> str:
        """The query of the newest page."""
        return self.get_query_string({}, [OLDER, NEWER, OPEN])


class KeysetAdmin(RecordAdmin):
    """Records that are many: listed newest first, by their keyset."""

    keyset: tuple[str, str]
    """Fields of the time and of the id, both with an index that begins with the time."""
    list_disable_select_all = True
    show_facets = ShowFacets.NEVER
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that pages by the last row seen."""
        return KeysetChangeList
