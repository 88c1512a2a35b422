"""The language server: is it there, and does it take our token."""

from responses_api.doctor.findings import Finding, failed, ok
from responses_api.exchanges.connect_protocol import LanguageServerFault, LanguageServerUnreachable
from responses_api.exchanges.language_server import current_client

_JOINT = "language server"


async def check_language_server() -> list[Finding]:
    """Whether it answers a heartbeat."""
    try:
        client = current_client()
    except OSError:
        return [failed(_JOINT, "LANGUAGE_SERVER_CA_FILE cannot be used", "It has to be a PEM bundle.")]
    try:
        await client.heartbeat()
    except LanguageServerUnreachable as fault:
        advice = "See whether it is running, and LANGUAGE_SERVER_URL and LANGUAGE_SERVER_CA_FILE."
        return [failed(_JOINT, fault.message, advice)]
    except LanguageServerFault as fault:
        advice = (
            "See LANGUAGE_SERVER_CSRF_TOKEN: both sides need the same; some servers make one at each start."
        )
        return [failed(_JOINT, fault.message, advice)]
    return [ok(_JOINT, "answers, and takes the token")]
