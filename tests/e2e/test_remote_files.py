"""Images and files by web address, fetched by a running gateway from a real server over TLS."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import openai
import pytest

from interceptor.simulator.tls import ensure_tls_files
from tests.e2e.stacks import MODEL, Simulator, Stack, serve
from tests.responses_api.file_servers import PNG, FileServer, file_server


def asked(text: str, *parts: dict[str, Any]) -> list[Any]:
    return [{"role": "user", "content": [{"type": "input_text", "text": text}, *parts]}]


def image(url: str) -> dict[str, Any]:
    return {"type": "input_image", "image_url": url}


async def test_what_a_request_names_reaches_the_upstream_inline(folder: Path, simulator: Simulator) -> None:
    tls = ensure_tls_files(folder / "files")
    async with file_server(tls) as files:
        stack = await asyncio.to_thread(
            serve,
            folder,
            simulator,
            REMOTE_FILES_ALLOWED_HOSTS=f"localhost:{files.port}",
            REMOTE_FILES_CA_BUNDLE=str(tls.ca),
        )
        try:
            await asyncio.to_thread(drive, stack, files)
        finally:
            assert await asyncio.to_thread(stack.stop, within=20) == [0]


def drive(stack: Stack, files: FileServer) -> None:
    client = stack.client()
    picture = files.serve("/picture")
    paper = files.serve("/paper", b"%PDF-1.7 a paper", Content_Type="application/pdf")

    made = client.responses.create(
        model=MODEL,
        input=asked("two remote files", image(picture), {"type": "input_file", "file_url": paper}),
    )
    parts = stack.simulator.request_with("two remote files")["body"]["contents"][0]["parts"]
    assert [part["inlineData"] for part in parts[1:]] == [
        {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()},
        {"mimeType": "application/pdf", "data": base64.b64encode(b"%PDF-1.7 a paper").decode()},
    ]

    client.responses.create(model=MODEL, input="and the picture again", previous_response_id=made.id)
    again = stack.simulator.request_with("and the picture again")["body"]["contents"][0]["parts"]
    assert again[1] == parts[1]

    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=MODEL, input=asked("nothing there", image(files.url("/missing"))))
    assert (caught.value.code, caught.value.param) == (
        "failed_to_download_image",
        "input[0].content[1].image_url",
    )
    assert not stack.simulator.saw("nothing there")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x.png", "https://[::1]/", "https://169.254.169.254/latest"]
)
def test_inner_addresses_are_refused(stack: Stack, url: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        stack.client().responses.create(model=MODEL, input=asked("inner", image(url)))
    assert caught.value.code in ("failed_to_download_image", "invalid_image_url")
