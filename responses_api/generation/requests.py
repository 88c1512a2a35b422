"""From a client's body to a request that can be served: the prompt template behind it, then the check."""

from typing import cast

from responses_api.access.callers import Caller
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.prompt_reference import prompt_of
from responses_api.core.prompt_templates import fill_in
from responses_api.runtime import database
from responses_api.storage import prompts


async def understand(caller: Caller, body: object) -> CreateRequest:
    """The request in ``body``.

    Args:
        caller: whose prompt templates may be named.
        body: the decoded JSON of the request; left unchanged.

    Raises:
        InvalidRequest: ``body`` is no valid request, or its prompt cannot be filled in.
        NotFound: no such prompt template for this caller.
    """
    prompt = prompt_of(body)
    if prompt is None:
        return parse_create_request(body)
    version = await database.run(prompts.find_version, caller.owner_id, prompt.id, prompt.version)
    in_effect = prompt.model_copy(update={"version": str(version.version)})
    return fill_in(cast("dict[str, object]", body), in_effect, prompts.template_of(version))
