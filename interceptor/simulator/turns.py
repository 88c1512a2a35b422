"""The order of turns: who may speak after whom, and how results answer calls. Pure."""

from .errors import ApiError, invalid_argument
from .models import Model
from .values import JsonObject, Part


def turns_error(model: Model, contents: list[JsonObject]) -> ApiError | None:
    """Why Google refuses this sequence of contents, or None."""
    if contents[0]["role"] != "user":
        return invalid_argument("Please ensure that multiturn requests start with a user role.")
    open_calls: list[JsonObject] = []
    previous_role = ""
    for content in contents:
        role, parts = content["role"], content["parts"]
        if role == previous_role:
            return invalid_argument("Please ensure that multiturn requests alternate between user and model.")
        if role == "user":
            if error := _results_error(model, open_calls, parts):
                return error
            open_calls = []
        else:
            if error := _invocations_error(parts):
                return error
            if any("functionResponse" in part for part in parts):
                return invalid_argument(
                    "Please ensure that function response parts are in a turn of the user role."
                )
            open_calls = [part["functionCall"] for part in parts if "functionCall" in part]
        previous_role = role
    if previous_role != "user":
        return invalid_argument(
            "Please ensure that multiturn requests ends with a user role or a function response."
        )
    return None


def _results_error(model: Model, calls: list[JsonObject], parts: list[Part]) -> ApiError | None:
    """Whether the user's parts answer the calls of the model turn before them."""
    if any("toolCall" in part or "toolResponse" in part for part in parts):
        return invalid_argument(
            "Please ensure that tool call and tool response parts are in a turn of the model role."
        )
    if any("functionCall" in part for part in parts):
        return invalid_argument("Please ensure that function call parts are in a turn of the model role.")
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    if results and not calls:
        return invalid_argument(
            "Please ensure that function response turn comes immediately after a function call turn."
        )
    if len(results) != len(calls):
        return invalid_argument(
            "Please ensure that the number of function response parts is equal to the number of "
            "function call parts of the function call turn."
        )
    unanswered = list(calls)
    for result in results:
        answered = next((call for call in unanswered if _answers(model, result, call)), None)
        if answered is None:
            return invalid_argument(
                f"Function response `{result['name']}` matches no function call of the function call turn."
            )
        unanswered.remove(answered)
    return None


def _invocations_error(parts: list[Part]) -> ApiError | None:
    """Whether each call of a hosted tool comes back with its response behind it, and no other response."""
    called: list[JsonObject] = []
    for part in parts:
        if "toolCall" in part:
            called.append(_run(part["toolCall"]))
        elif "toolResponse" in part and (run := _run(part["toolResponse"])) in called:
            called.remove(run)
        elif "toolResponse" in part:
            return invalid_argument("Please ensure that a tool response part comes after its tool call part.")
    if called:
        return invalid_argument(
            "Please ensure that each tool call part is followed by its tool response part."
        )
    return None


def _run(invocation: JsonObject) -> JsonObject:
    return {"id": invocation.get("id"), "toolType": invocation.get("toolType")}


def _answers(model: Model, result: JsonObject, call: JsonObject) -> bool:
    """By name, and by id where the model gives ids and the call bears one."""
    if result["name"] != call["name"]:
        return False
    return model.is_gemini_2 or "id" not in call or result.get("id") == call["id"]
