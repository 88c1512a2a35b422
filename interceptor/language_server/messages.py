"""The requests of the RPCs, as public clients send them.

proto3 JSON: every member may be missing or null; an unknown member is an error. Members that
only describe the caller's environment are taken as any object and not looked into.
"""

from typing import Annotated, Any

import msgspec

type CascadeId = Annotated[str, msgspec.Meta(max_length=128)]
type ModelName = str | int | None
"""A model enum by name or number, or an upstream model name."""
type Environment = dict[str, Any] | None


class _Request(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """Base: camelCase on the wire, closed."""


class StartCascade(_Request, frozen=True):
    """Open a conversation. What model it will use is said with each message, not here."""

    source: str | int | None = None
    cascade_id: CascadeId | None = None
    trajectory_type: str | int | None = None
    requested_model: ModelName = None
    metadata: Environment = None
    workspace_uris: list[str] | None = None
    project_env_config: Environment = None


class Item(_Request, frozen=True):
    """A piece of a user's message."""

    text: str | None = None


class RequestedModel(_Request, frozen=True):
    """The model a message asks for."""

    model: ModelName = None


class PlannerConfig(_Request, frozen=True):
    """How the message is to be answered; only the model and the thinking budget matter here."""

    requested_model: RequestedModel | None = None
    plan_model: ModelName = None
    conversational: Environment = None
    tool_config: Environment = None
    supports_thinking: bool | None = None
    thinking_budget: int | None = None

    @property
    def model(self) -> str:
        """The requested model's name; ``""`` if none is named."""
        requested = self.requested_model.model if self.requested_model else None
        return str(requested or self.plan_model or "")


class CascadeConfig(_Request, frozen=True):
    """Wraps the planner's configuration."""

    planner_config: PlannerConfig | None = None


class SendUserCascadeMessage(_Request, frozen=True):
    """Say something in a conversation."""

    cascade_id: CascadeId | None = None
    items: list[Item] | None = None
    metadata: Environment = None
    cascade_config: CascadeConfig | None = None

    @property
    def planner(self) -> PlannerConfig:
        """The planner's configuration, an empty one if none was sent."""
        config = self.cascade_config.planner_config if self.cascade_config else None
        return config or PlannerConfig()


class Annotations(_Request, frozen=True):
    """What a client notes at a conversation."""

    last_user_view_time: str | None = None
    title: str | None = None
    marked_as_unread: bool | None = None

    def given(self) -> dict[str, Any]:
        """The members that were sent, under their wire names."""
        members: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in members.items() if value is not None}


class UpdateConversationAnnotations(_Request, frozen=True):
    """Annotate conversations; older clients name one by ``cascadeId``."""

    cascade_ids: list[CascadeId] | None = None
    cascade_id: CascadeId | None = None
    annotations: Annotations | None = None
    merge_annotations: bool | None = None

    @property
    def ids(self) -> list[str]:
        """All conversations meant."""
        return [*(self.cascade_ids or ()), *([self.cascade_id] if self.cascade_id else ())]


class GetCascadeTrajectory(_Request, frozen=True):
    """Read a conversation's status and first page of steps."""

    cascade_id: CascadeId | None = None


class GetCascadeTrajectorySteps(_Request, frozen=True):
    """Read steps from an offset on, or those between two indices."""

    cascade_id: CascadeId | None = None
    step_offset: int | None = None
    start_index: int | None = None
    end_index: int | None = None
    """Exclusive."""
    trajectory_verbosity: str | int | None = None


class CancelCascadeInvocation(_Request, frozen=True):
    """End a conversation's run."""

    cascade_id: CascadeId | None = None


class StreamCascadeReactiveUpdates(_Request, frozen=True):
    """Be woken on every change of a conversation."""

    protocol_version: int | None = None
    id: CascadeId | None = None
    subscriber_id: str | None = None


class Heartbeat(_Request, frozen=True):
    """Ask whether the server is alive."""

    metadata: Environment = None


class GetCascadeModelConfigData(_Request, frozen=True):
    """Ask which models there are."""

    metadata: Environment = None
