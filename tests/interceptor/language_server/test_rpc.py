"""Each unary RPC as a caller sees it, refusals included."""

from typing import Any

import pytest

from .certificates import Certificates
from .rig import MODEL, Rig, running_rig

NOWHERE = "00000000-0000-4000-8000-000000000000"


async def test_heartbeat(rig: Rig) -> None:
    assert await rig.ok("Heartbeat") == {}


async def test_a_cascade_can_be_started_with_everything_that_clients_send(rig: Rig) -> None:
    metadata = {"ideName": "x", "ideVersion": "1", "extensionName": "y", "locale": "en", "sessionId": "z"}
    answer = await rig.ok(
        "StartCascade",
        metadata=metadata,
        source="CORTEX_TRAJECTORY_SOURCE_CASCADE_CLIENT",
        cascadeId=NOWHERE,
        trajectoryType=4,
        requestedModel=MODEL,
        workspaceUris=["file:///tmp"],
    )
    assert answer == {"cascadeId": NOWHERE}
    await rig.ok("StartCascade", cascadeId=NOWHERE)
    assert (await rig.ok("GetCascadeTrajectory", cascadeId=NOWHERE))["status"] == "CASCADE_RUN_STATUS_IDLE"


@pytest.mark.parametrize(
    "method",
    [
        "SendUserCascadeMessage",
        "GetCascadeTrajectory",
        "GetCascadeTrajectorySteps",
        "CancelCascadeInvocation",
        "UpdateConversationAnnotations",
    ],
)
async def test_a_missing_trajectory(rig: Rig, method: str) -> None:
    status, answer = await rig.call(method, cascadeId=NOWHERE)
    assert status == 500
    assert answer["message"] == f"trajectory not found: {NOWHERE}"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"cascadeConfig": {}},
        {"cascadeConfig": {"plannerConfig": {"requestedModel": {}}}},
        {"cascadeConfig": None},
    ],
)
async def test_a_message_without_a_model_is_refused(rig: Rig, config: dict[str, Any]) -> None:
    cascade_id = await rig.start_cascade()
    status, answer = await rig.call(
        "SendUserCascadeMessage", cascadeId=cascade_id, items=[{"text": "a"}], **config
    )
    assert status == 500
    assert answer["message"] == "neither PlanModel nor RequestedModel specified"


@pytest.mark.parametrize("model", ["MODEL_PLACEHOLDER_M999", "../secrets", "a b", "x" * 200])
async def test_an_unknown_model_is_refused(rig: Rig, model: str) -> None:
    cascade_id = await rig.start_cascade()
    planner = {"planModel": model}
    status, answer = await rig.call(
        "SendUserCascadeMessage",
        cascadeId=cascade_id,
        items=[{"text": "a"}],
        cascadeConfig={"plannerConfig": planner},
    )
    assert status == 500
    assert "unknown model" in answer["message"]
    assert rig.upstream.bodies == []


async def test_a_message_without_text_is_refused(rig: Rig) -> None:
    cascade_id = await rig.start_cascade()
    status, _ = await rig.call(
        "SendUserCascadeMessage",
        cascadeId=cascade_id,
        items=[{"text": ""}],
        cascadeConfig={"plannerConfig": {"planModel": MODEL}},
    )
    assert status == 500


async def test_a_message_with_every_known_member_is_taken(rig: Rig) -> None:
    cascade_id = await rig.start_cascade()
    planner = {
        "requestedModel": {"model": MODEL},
        "conversational": {"plannerMode": "CONVERSATIONAL_PLANNER_MODE_DEFAULT", "agenticMode": False},
        "toolConfig": {"runCommand": {"autoCommandConfig": {"autoExecutionPolicy": "X"}}},
        "supportsThinking": True,
        "thinkingBudget": "128",
    }
    await rig.ok(
        "SendUserCascadeMessage",
        cascadeId=cascade_id,
        items=[{"text": "a"}, {"text": "b"}],
        metadata={"ideName": "x"},
        cascadeConfig={"plannerConfig": planner},
    )
    await rig.settled(cascade_id)
    (body,) = rig.upstream.bodies
    assert body["contents"][-1]["parts"] == [{"text": "a"}, {"text": "b"}]
    assert body["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 128


@pytest.mark.parametrize(
    ("method", "request_body"),
    [
        ("Heartbeat", {"unknownField": 1}),
        ("StartCascade", {"cascade_id": "snake"}),
        ("SendUserCascadeMessage", {"cascadeConfig": {"plannerConfig": {"temperature": 1}}}),
        ("GetCascadeTrajectory", {"cascadeId": 7}),
        ("GetCascadeTrajectorySteps", {"stepOffset": "many"}),
    ],
)
async def test_an_unknown_or_mistyped_member_is_an_error(rig: Rig, method: str, request_body: Any) -> None:
    status, answer = await rig.call(method, **request_body)
    assert status == 500
    assert answer["message"].startswith("unmarshal message")


@pytest.mark.parametrize(
    ("selection", "types"),
    [
        ({}, ["USER_INPUT", "PLANNER_RESPONSE"]),
        ({"stepOffset": 1}, ["PLANNER_RESPONSE"]),
        ({"stepOffset": "1"}, ["PLANNER_RESPONSE"]),
        ({"startIndex": 0, "endIndex": 1}, ["USER_INPUT"]),
        ({"stepOffset": 9, "trajectoryVerbosity": "X"}, []),
    ],
)
async def test_steps_from_an_offset_on(rig: Rig, selection: dict[str, Any], types: list[str]) -> None:
    trajectory = await rig.ask("hi")
    cascade_id = trajectory["trajectory"]["cascadeId"]
    answer = await rig.ok("GetCascadeTrajectorySteps", cascadeId=cascade_id, **selection)
    steps = answer.get("steps", [])
    assert [step["type"].removeprefix("CORTEX_STEP_TYPE_") for step in steps] == types


async def test_a_negative_offset_is_refused(rig: Rig) -> None:
    status, _ = await rig.call(
        "GetCascadeTrajectorySteps", cascadeId=await rig.start_cascade(), stepOffset=-1
    )
    assert status == 500


async def test_annotations_by_list_or_by_one_id(rig: Rig) -> None:
    cascade_id = await rig.start_cascade()
    viewed = {"lastUserViewTime": "2026-11-22T10:00:00Z"}
    answer = await rig.ok(
        "UpdateConversationAnnotations", cascadeIds=[cascade_id], annotations=viewed, mergeAnnotations=True
    )
    assert answer == {}
    await rig.ok(
        "UpdateConversationAnnotations",
        cascadeId=cascade_id,
        annotations={"title": "t"},
        mergeAnnotations=True,
    )
    trajectory = await rig.ok("GetCascadeTrajectory", cascadeId=cascade_id)
    assert trajectory["trajectory"]["annotations"] == {**viewed, "title": "t"}


async def test_the_models_are_those_of_the_configuration(certificates: Certificates) -> None:
    async with running_rig(certificates, models={"MODEL_A": "gemini-a", "MODEL_B": "gemini-b"}) as rig:
        configs = (await rig.ok("GetCascadeModelConfigData"))["clientModelConfigs"]
        assert [(each["label"], each["modelOrAlias"]["model"]) for each in configs] == [
            ("gemini-a", "MODEL_A"),
            ("gemini-b", "MODEL_B"),
        ]


async def test_cancelling_what_does_not_run_changes_nothing(rig: Rig) -> None:
    cascade_id = await rig.start_cascade()
    assert await rig.ok("CancelCascadeInvocation", cascadeId=cascade_id) == {}
    trajectory = await rig.ok("GetCascadeTrajectory", cascadeId=cascade_id)
    assert "executorMetadatas" not in trajectory["trajectory"]
