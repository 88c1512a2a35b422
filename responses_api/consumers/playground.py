"""``POST /admin/playground/keys/ID/responses``: what a client of that key would send, from the admin."""

from typing import Any

from responses_api.access.callers import Caller
from responses_api.access.sessions import SECRET_HEADERS, caller_of_session
from responses_api.consumers.create_response import CreateResponseConsumer
from responses_api.runtime import database


class PlaygroundConsumer(CreateResponseConsumer):
    """Creates a response like its base; who asks is known by the session instead of a key."""

    async def authenticate(self) -> Caller:
        """The caller behind the key in the address. Raises ``InvalidRequest``, 403."""
        scope: Any = self.scope
        caller = await database.run(caller_of_session, scope, scope["url_route"]["kwargs"]["api_key_id"])
        kept = [(name, value) for name, value in scope["headers"] if name not in SECRET_HEADERS]
        clean: Any = {**scope, "headers": kept}
        self.scope = clean
        return caller
