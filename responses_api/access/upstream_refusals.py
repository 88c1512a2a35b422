"""What the upstream last had against a credential: its quota, or the credential itself."""

from collections.abc import Callable

from django.db.backends.utils import CursorWrapper

from responses_api.access.credentials import read_ref
from responses_api.core.errors import GatewayError, UpstreamFault

_LONGEST = 300
# At most one write a minute for each credential: with a quota that is used up, every request ends so.
_NOTE = """
    UPDATE responses_api_credential SET upstream_refused_at = now(), upstream_refusal = %(said)s
    WHERE id = %(id)s
        AND (upstream_refused_at IS NULL OR upstream_refused_at < now() - interval '1 minute')
"""


def note_on_close(
    credential_ref: str, error: GatewayError | None
) -> tuple[Callable[[CursorWrapper], None], ...]:
    """What notes the refusal that an exchange ended with, in the transaction that books its end.

    Args:
        credential_ref: whose account it was.
        error: how the exchange ended; most ends are nothing to note.
    """
    reference = read_ref(credential_ref)
    if reference is None or not isinstance(error, UpstreamFault) or not _is_about_the_account(error):
        return ()
    said = error.message[:_LONGEST]

    def note(cursor: CursorWrapper) -> None:
        cursor.execute(_NOTE, {"id": reference.credential_id, "said": said})

    return (note,)


def _is_about_the_account(error: UpstreamFault) -> bool:
    return error.http_status == 429 or (error.http_status == 401 and error.code == "invalid_api_key")
