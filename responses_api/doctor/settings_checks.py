"""Settings: the system checks, which know the wrong combinations."""

from django.core.checks import ERROR, WARNING, run_checks

from responses_api.doctor.findings import Finding, failed, ok, warning
from responses_api.runtime import database

_JOINT = "settings"


async def check_settings() -> list[Finding]:
    """Every message of ``manage.py check`` as a finding."""
    messages = [message for message in await database.run(run_checks) if message.level >= WARNING]
    return [
        (failed if message.level >= ERROR else warning)(
            _JOINT, f"{message.id}: {message.msg}", message.hint or "See docs/settings.md."
        )
        for message in messages
    ] or [ok(_JOINT, "no wrong combinations")]
