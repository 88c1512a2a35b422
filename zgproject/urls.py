"""Plain HTTP routes; ``/v1/responses`` is a Channels consumer and lives in ``asgi.py``."""

from django.contrib import admin
from django.urls import path, re_path

from responses_api.rest.conversations import (
    ConversationDetail,
    ConversationItemDetail,
    ConversationItems,
    ConversationList,
)
from responses_api.rest.exceptions import unknown_route
from responses_api.rest.health import healthz, readyz
from responses_api.rest.models import ModelDetail, ModelList
from responses_api.rest.openapi.views import Document, Page
from responses_api.rest.own_usage import OwnUsage
from responses_api.rest.responses import InputItemList, ResponseCancel, ResponseDetail
from responses_api.rest.token import UpstreamToken
from responses_api.rest.usage import CompletionsUsage, Costs

admin.autodiscover()

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("schema/", Document.as_view(), name="schema"),
    path("schema/docs/", Page.as_view(url_name="schema")),
    path("v1/responses/<str:response_id>", ResponseDetail.as_view()),
    path("v1/responses/<str:response_id>/cancel", ResponseCancel.as_view()),
    path("v1/responses/<str:response_id>/input_items", InputItemList.as_view()),
    path("v1/token", UpstreamToken.as_view()),
    path("v1/models", ModelList.as_view()),
    path("v1/models/<path:name>", ModelDetail.as_view()),
    path("v1/conversations", ConversationList.as_view()),
    path("v1/conversations/<str:conversation_id>", ConversationDetail.as_view()),
    path("v1/conversations/<str:conversation_id>/items", ConversationItems.as_view()),
    path("v1/conversations/<str:conversation_id>/items/<str:item_id>", ConversationItemDetail.as_view()),
    path("v1/organization/usage/completions", CompletionsUsage.as_view()),
    path("v1/organization/costs", Costs.as_view()),
    path("v1/usage", OwnUsage.as_view()),
    re_path(r"^v1/", unknown_route),
]

handler400 = "responses_api.rest.exceptions.bad_request"
handler500 = "responses_api.rest.exceptions.server_error"
