"""``/v1/responses/{id}`` and what lies below it: stored responses, read, listed, cancelled, deleted.

Reading one as a stream is a consumer's: ``consumers.follow_response``.
"""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from responses_api import background
from responses_api.rest.authentication import owner_of
from responses_api.rest.listing import ItemQuery, ListQuery, list_body, read_query, shown
from responses_api.storage import stored_responses


class ResponseDetail(APIView):
    """One stored response."""

    def get(self, request: Request, response_id: str) -> Response:
        """What its creation answered; for one in the background, how far it is.

        ``include`` is checked and changes nothing: what is shown was settled at the creation.
        """
        read_query(ItemQuery, request.query_params)
        return Response(stored_responses.read(owner_of(request), response_id))

    def delete(self, request: Request, response_id: str) -> Response:
        """Delete it. One that is still being made in the background is cancelled first."""
        owner_id = owner_of(request)
        if stored_responses.find(owner_id, response_id).background:
            background.cancel(owner_id, response_id)
        stored_responses.delete(owner_id, response_id)
        return Response({"id": response_id, "object": "response", "deleted": True})


class ResponseCancel(APIView):
    """The cancelling of a response in the background."""

    def post(self, request: Request, response_id: str) -> Response:
        """Cancel it, and show it. One that has ended stays as it is."""
        owner_id = owner_of(request)
        background.cancel(owner_id, response_id)
        return Response(stored_responses.read(owner_id, response_id))


class InputItemList(APIView):
    """What the request of a stored response brought."""

    def get(self, request: Request, response_id: str) -> Response:
        """A page of its items, newest first unless ``order`` says otherwise."""
        query = read_query(ListQuery, request.query_params)
        page = stored_responses.list_input(
            owner_of(request),
            response_id,
            limit=query.limit,
            ascending=query.order == "asc",
            after=query.after,
        )
        return Response(list_body(shown(page.items, query.include), has_more=page.has_more))
