"""The tools that the client runs, seen as what the model sees: functions.

Pure. The Responses API has many kinds of tools that a client executes (functions, custom
tools that take free text, namespaces of both, shells, patches, tool search); the upstream
knows functions only. Here is the one place that folds every kind into a function
(``client_tools``) and that knows, for each kind, its items: a call of the model's as a wire
item (``call_item``), a replayed call as name and arguments again (``called_function``), and
what the client's tool answered (``output_content``).
"""

from responses_api.core.client_tools.calls import CALL_TYPES, call_id_of, call_item, called_function
from responses_api.core.client_tools.client_tool import ClientTool, ClientToolKind
from responses_api.core.client_tools.declared import client_tools, declared_tools
from responses_api.core.client_tools.outputs import OUTPUT_TYPES, output_content

__all__ = [
    "CALL_TYPES",
    "OUTPUT_TYPES",
    "ClientTool",
    "ClientToolKind",
    "call_id_of",
    "call_item",
    "called_function",
    "client_tools",
    "declared_tools",
    "output_content",
]
