"""Where the OpenAPI document is served, and the page that shows it."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation


class Document(SpectacularAPIView):
    """``/schema/``: the document, in YAML, or in JSON if asked for by ``Accept`` or ``?format=json``."""

    content_negotiation_class = DefaultContentNegotiation


class Page(SpectacularSwaggerView):
    """``/schema/docs/``: the document to read and to try out, with nothing loaded from elsewhere."""

    content_negotiation_class = DefaultContentNegotiation
