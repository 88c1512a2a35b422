"""Prompt templates: written by the operator in the admin, used by clients by their id."""

import json
import re
from typing import Any

import httpx2
import openai
import pytest
from openai.types.responses import ResponseCompletedEvent

from responses_api.access.api_keys import prefix_of
from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TUTOR = {"model": MODEL, "instructions": "Teach {{subject}}.", "temperature": 0.25}


NO_VERSIONS = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}


def csrf_token(http: httpx2.Client) -> dict[str, str]:
    page = http.get("/admin/login/", follow_redirects=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    return {"csrfmiddlewaretoken": token[1]}


def keep(stack: Stack, prompt_id: str, *bodies: dict[str, Any], owner_key: str = "") -> str:
    """Keep a template with these versions, the last of them current."""
    stack.query(
        "INSERT INTO responses_api_prompttemplate (id, name, owner_id, created_at) VALUES (%(id)s, 'Test',"
        " (SELECT owner_id FROM responses_api_apikey WHERE prefix = %(prefix)s), now()) RETURNING id",
        id=prompt_id,
        prefix=prefix_of(owner_key),
    )
    for version, body in enumerate(bodies, 1):
        stack.query(
            "INSERT INTO responses_api_promptversion (prompt_id, version, body, is_current, created_at)"
            " VALUES (%(id)s, %(version)s, %(body)s, %(current)s, now()) RETURNING id",
            id=prompt_id,
            version=version,
            body=json.dumps(body),
            current=version == len(bodies),
        )
    return prompt_id


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_is_filled_in(stack: Stack, stream: bool) -> None:
    prompt_id = keep(stack, f"pmpt_tutor_{stream}", {"instructions": "Old."}, TUTOR)
    prompt: Any = {"id": prompt_id, "variables": {"subject": "Latin"}}
    ask = stack.client().responses.create
    if stream:
        last = list(ask(prompt=prompt, input="[[echo_request]]", stream=True))[-1]
        assert isinstance(last, ResponseCompletedEvent)
        answer = last.response
    else:
        answer = ask(prompt=prompt, input="[[echo_request]]")

    sent = json.loads(answer.output_text)
    assert sent["systemInstruction"]["parts"][0]["text"] == "Teach Latin."
    assert sent["generationConfig"]["temperature"] == 0.25
    assert answer.prompt is not None
    assert answer.prompt.to_dict() == {"id": prompt_id, "version": "2", "variables": {"subject": "Latin"}}
    assert answer.instructions == "Teach Latin."


def test_a_prompt_can_be_the_whole_request_with_an_image(stack: Stack) -> None:
    question = [
        {"type": "input_text", "text": "What is this? [[echo_request]]"},
        {"type": "input_text", "text": "{{photo}}"},
    ]
    prompt_id = keep(stack, "pmpt_photo", {"model": MODEL, "input": [{"role": "user", "content": question}]})
    photo: Any = {"type": "input_image", "image_url": PNG, "detail": "auto"}

    answer = stack.client().responses.create(prompt={"id": prompt_id, "variables": {"photo": photo}})

    (content,) = json.loads(answer.output_text)["contents"]
    assert content["parts"][0]["text"] == "What is this? [[echo_request]]"
    assert content["parts"][1]["inlineData"]["mimeType"] == "image/png"


@BOTH
def test_wrong_uses_are_refused_before_anything_is_started(stack: Stack) -> None:
    mine = keep(stack, "pmpt_mine", TUTOR, owner_key=stack.api_key)
    client, stranger = stack.client(), stack.client(api_key=stack.make_api_key("stranger"))

    def refusal(caller: openai.OpenAI, prompt: Any) -> tuple[int, Any]:
        with pytest.raises(openai.APIStatusError) as caught:
            caller.responses.create(prompt=prompt, input="hi")
        return caught.value.status_code, caught.value.body

    status, missing = refusal(client, {"id": mine})
    assert (status, missing["param"]) == (400, "prompt.variables.subject")
    status, unknown = refusal(client, {"id": mine, "version": "7"})
    assert (status, unknown["message"]) == (404, "Prompt with id 'pmpt_mine' and version '7' not found.")
    for caller, prompt_id in ((client, "pmpt_unknown"), (stranger, mine), (stranger, "pmpt_unknown")):
        status, unknown = refusal(caller, {"id": prompt_id})
        assert (status, unknown["code"]) == (404, "prompt_not_found")
        assert unknown["message"] == f"Prompt with id '{prompt_id}' not found."


def test_one_that_was_written_in_the_admin_can_be_used(stack: Stack) -> None:
    user, password = stack.login
    with stack.http() as http:
        del http.headers["Authorization"]
        http.post("/admin/login/", data={"username": user, "password": password, **csrf_token(http)})
        written = {"name": "From the admin", "body": json.dumps(TUTOR), **NO_VERSIONS, **csrf_token(http)}
        assert http.post("/admin/responses_api/prompttemplate/add/", data=written).status_code == 302
    (row,) = stack.query("SELECT id FROM responses_api_prompttemplate WHERE name = 'From the admin'")

    answer = stack.client().responses.create(
        prompt={"id": row["id"], "variables": {"subject": "Greek"}}, input="hi"
    )

    assert answer.instructions == "Teach Greek."
