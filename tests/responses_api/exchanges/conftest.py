from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from responses_api.exchanges.language_server import close_current_client

from .scripted_server import ScriptedServer, scripted_server


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[ScriptedServer]:
    """A scripted language server, which the settings name."""
    async with scripted_server() as running:
        settings.LANGUAGE_SERVER_URL = running.url
        yield running
        await close_current_client()
