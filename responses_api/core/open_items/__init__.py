"""Output items while the model is still writing them, and the events that tell of them.

An open item collects what it is made of, gives its wire form at any moment, and names
the events of its life: those of ``opening`` and ``closing``, and of what happens between.
It numbers nothing; the writer of the output does. Every call builds fresh values, so that
no two holders share one.
"""

from responses_api.core.open_items.client_call import OpenClientCall, id_prefix
from responses_api.core.open_items.code_run import OpenCodeRun
from responses_api.core.open_items.compaction import OpenCompaction
from responses_api.core.open_items.image import OpenImage
from responses_api.core.open_items.message import OpenMessage
from responses_api.core.open_items.open_item import Announcement, OpenItem
from responses_api.core.open_items.reasoning import OpenReasoning, OpenSeal
from responses_api.core.open_items.refusal import OpenRefusal
from responses_api.core.open_items.web_search import OpenWebSearch

__all__ = [
    "Announcement",
    "OpenClientCall",
    "OpenCodeRun",
    "OpenCompaction",
    "OpenImage",
    "OpenItem",
    "OpenMessage",
    "OpenReasoning",
    "OpenRefusal",
    "OpenSeal",
    "OpenWebSearch",
    "id_prefix",
]
