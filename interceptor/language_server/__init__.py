"""Our language server: a small agent backend with the RPCs of its bigger relatives.

``server`` (aiohttp) takes the RPCs, ``rpc`` serves them, ``agent`` runs the messages of the
``cascades`` through ``model_client``; ``answer``, ``placeholder``, ``steps``, ``cascades`` and
``connect`` are pure.
"""

from .config import LanguageServerConfig
from .server import RunningLanguageServer, create_app, start

__all__ = ["LanguageServerConfig", "RunningLanguageServer", "create_app", "start"]
