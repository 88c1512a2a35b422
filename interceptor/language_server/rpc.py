"""The unary RPCs: request in, answer out, no waiting. Transport is ``server``'s business."""

from collections.abc import Callable
from typing import Any

import msgspec

from . import messages
from .agent import Agent
from .cascades import Cascade, CascadeStore, UserMessage, steps_view, trajectory_view
from .config import LanguageServerConfig, UnknownModel
from .connect import ConnectError

type Answer = dict[str, Any]
type Method = Callable[[bytes], Answer]


class LanguageServerService:
    """The methods of ``exa.language_server_pb.LanguageServerService`` by name, in ``methods``."""

    def __init__(
        self, config: LanguageServerConfig, store: CascadeStore, agent: Agent, *, new_id: Callable[[], str]
    ) -> None:
        """Bind the methods to one server's state.

        Args:
            config: Names the models.
            store: The conversations.
            agent: Runs the messages.
            new_id: A fresh UUID each time.
        """
        self._config = config
        self._store = store
        self._agent = agent
        self._new_id = new_id
        self.methods: dict[str, Method] = {
            "StartCascade": _method(messages.StartCascade, self._start),
            "SendUserCascadeMessage": _method(messages.SendUserCascadeMessage, self._send),
            "UpdateConversationAnnotations": _method(messages.UpdateConversationAnnotations, self._annotate),
            "GetCascadeTrajectory": _method(messages.GetCascadeTrajectory, self._trajectory),
            "GetCascadeTrajectorySteps": _method(messages.GetCascadeTrajectorySteps, self._steps),
            "CancelCascadeInvocation": _method(messages.CancelCascadeInvocation, self._cancel),
            "Heartbeat": _method(messages.Heartbeat, _alive),
            "GetCascadeModelConfigData": _method(messages.GetCascadeModelConfigData, self._models),
        }

    @property
    def reactive_updates(self) -> bool:
        """Whether changes are told to who wants to hear of them."""
        return self._config.reactive_updates

    def cascade(self, cascade_id: str | None) -> Cascade:
        """The conversation of that id.

        Raises:
            ConnectError: there is none, or it has been forgotten.
        """
        if (cascade := self._store.get(cascade_id or "")) is None:
            raise ConnectError("unknown", f"trajectory not found: {cascade_id or ''}")
        return cascade

    def _start(self, request: messages.StartCascade) -> Answer:
        cascade_id = request.cascade_id or self._new_id()
        if self._store.get(cascade_id) is None:
            self._store.add(Cascade(cascade_id, trajectory_id=self._new_id()))
        return {"cascadeId": cascade_id}

    def _send(self, request: messages.SendUserCascadeMessage) -> Answer:
        cascade = self.cascade(request.cascade_id)
        planner = request.planner
        if not planner.model:
            raise ConnectError("unknown", "neither PlanModel nor RequestedModel specified")
        texts = tuple(item.text for item in request.items or () if item.text)
        if not texts:
            raise ConnectError("unknown", "no text in the message's items")
        try:
            upstream_model = self._config.upstream_model(planner.model)
        except UnknownModel as error:
            raise ConnectError("unknown", str(error)) from None
        budget = planner.thinking_budget
        message = UserMessage(texts, planner.model, upstream_model, self._new_id(), budget)
        self._agent.send(cascade, message)
        return {}

    def _annotate(self, request: messages.UpdateConversationAnnotations) -> Answer:
        cascades = [self.cascade(cascade_id) for cascade_id in request.ids]
        given = request.annotations.given() if request.annotations else {}
        for cascade in cascades:
            cascade.annotate(given, merge=bool(request.merge_annotations))
        return {}

    def _trajectory(self, request: messages.GetCascadeTrajectory) -> Answer:
        return trajectory_view(self.cascade(request.cascade_id))

    def _steps(self, request: messages.GetCascadeTrajectorySteps) -> Answer:
        start = request.step_offset or request.start_index or 0
        if start < 0 or (request.end_index or 0) < 0:
            raise ConnectError("unknown", "step indices cannot be negative")
        steps = steps_view(self.cascade(request.cascade_id), start, request.end_index)
        return {"steps": steps} if steps else {}

    def _cancel(self, request: messages.CancelCascadeInvocation) -> Answer:
        self._agent.cancel(self.cascade(request.cascade_id))
        return {}

    def _models(self, request: messages.GetCascadeModelConfigData) -> Answer:
        configs = [
            {"label": upstream, "modelOrAlias": {"model": model}, "supportsImages": True}
            for model, upstream in self._config.models.items()
        ]
        return {"clientModelConfigs": configs} if configs else {}


def decode[T](shape: type[T], body: bytes) -> T:
    """A request from its JSON; numbers may come as strings, as proto3 JSON allows.

    Raises:
        ConnectError: not JSON, a member of the wrong type, or an unknown one.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=shape, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConnectError("unknown", f"unmarshal message: {error}") from None


def _method[T](shape: type[T], handler: Callable[[T], Answer]) -> Method:
    return lambda body: handler(decode(shape, body))


def _alive(request: messages.Heartbeat) -> Answer:
    return {}
