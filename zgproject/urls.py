"""Plain HTTP routes; ``/v1/responses`` is a Channels consumer and lives in ``asgi.py``."""

from django.contrib import admin
from django.urls import path, re_path

from responses_api.rest.exceptions import unknown_route
from responses_api.rest.health import healthz, readyz
from responses_api.rest.models import ModelDetail, ModelList

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("v1/models", ModelList.as_view()),
    path("v1/models/<path:name>", ModelDetail.as_view()),
    re_path(r"^v1/", unknown_route),
]
