"""How drf-spectacular makes the document: operations from our table, schemas from our types."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from responses_api.rest.openapi.operations import OPERATIONS
from responses_api.rest.openapi.schemas import schemas


class TableSchema(AutoSchema):
    """A view's operations, looked up in the table; what is not in it is not described."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """The operation object of one method of a view."""
        operation = OPERATIONS.get((path, method.lower()))
        return operation.describe(path) if operation is not None else None


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook: adds the consumers' operations and the schemas."""
    paths: dict[str, dict[str, Any]] = result["paths"]
    for (path, method), operation in OPERATIONS.items():
        paths.setdefault(path, {}).setdefault(method, operation.describe(path))
    result["paths"] = dict(sorted(paths.items()))
    result["components"] = {
        "schemas": schemas(),
        "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
    }
    return result
