"""Tool calls and their results as parts of Gemini contents, signatures and ids included.

Pure. Gemini 3 and later match results by id and check that the first call of every step
carries a thought signature; Gemini 2.x and Gemma know neither.
"""

from responses_api.core.client_tools import called_function, output_content
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.input_parts import Part, to_parts
from responses_api.gemini.media import PLAIN_TEXT, TEXT, kind_of
from responses_api.gemini.translation import SIGNATURE_STAND_IN, Translation
from responses_api.gemini.turns import AnsweredCall


def call_part(call: ConversationItem, translation: Translation, *, first_of_step: bool) -> Part:
    """The ``functionCall`` part for a call.

    Args:
        call: A call of any of the client's tools.
        translation: Who will read it.
        first_of_step: Only the first call of parallel ones is checked for a signature; the
            stand-in must not be put on later ones.
    """
    name, arguments = called_function(call.wire)
    function_call: Part = {"name": name, "args": arguments}
    if translation.model.is_modern:
        function_call["id"] = _id(call)
    part: Part = {"functionCall": function_call}
    if signature := translation.signature_of(call):
        part["thoughtSignature"] = signature
    elif translation.model.is_modern and first_of_step and translation.stand_ins:
        part["thoughtSignature"] = SIGNATURE_STAND_IN
        if translation.signatures:
            translation.notes.add(
                f"function call {call.wire['call_id']} has no signature of this model: a stand-in is sent"
            )
    return part


def result_parts(answered: AnsweredCall, translation: Translation) -> list[Part]:
    """The ``functionResponse`` part for a call's output, media included.

    A text goes back as ``{"output": text}`` even if it is JSON: structure would be searched
    for references by the upstream. Before Gemini 3 media cannot stand inside the result, so
    they follow it as parts of the same turn.

    Raises:
        InvalidRequest: a part that cannot be carried in a result.
    """
    output = output_content(answered.output.wire)
    parts = [{"text": output}] if isinstance(output, str) else to_parts(output, translation)
    text = "\n".join(part["text"] for part in parts if "text" in part)
    media = [part for part in parts if "text" not in part]
    name, _ = called_function(answered.call.wire)
    response: Part = {"name": name, "response": {"output": text}}
    if not translation.model.is_modern:
        return [{"functionResponse": response}, *_captioned(media, name)]
    response["id"] = _id(answered.call)
    if media:
        response["parts"] = [_inside_result(part) for part in media]
    return [{"functionResponse": response}]


def _inside_result(part: Part) -> Part:
    """``part`` as a result may hold it: images, documents and plain text."""
    blob = part["inlineData"]
    match kind_of(blob["mimeType"]):
        case "image" | "pdf":
            return part
        case kind if kind == TEXT:
            return {"inlineData": {**blob, "mimeType": PLAIN_TEXT}}
        case _:
            raise InvalidRequest(
                f"A tool's output cannot hold data of type '{blob['mimeType']}'; "
                "send it in a message of the user.",
                param="input",
            )


def _captioned(media: list[Part], name: str) -> list[Part]:
    return [{"text": f"Attached to the result of {name}:"}, *media] if media else []


def _id(call: ConversationItem) -> str:
    """The upstream's own id where it gave one, else ours; the same for call and result."""
    upstream_id = call.upstream.call_id if call.upstream is not None else None
    return upstream_id or str(call.wire["call_id"])
