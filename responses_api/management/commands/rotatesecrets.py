"""``manage.py rotatesecrets``: encrypts what is stored with the newest of ``CREDENTIAL_KEYS``."""

from collections import defaultdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from responses_api.access.rotation import Rotated, rotate
from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables


class Command(BaseCommand):
    """Safe to run at any time, to break off and to repeat."""

    help = (
        "Encrypt all stored secrets with the first of CREDENTIAL_KEYS. Afterwards no other one of them is "
        "needed for these."
    )
    requires_system_checks = (GATEWAY,)

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, then say what was done; fails if something could not be read."""
        require_tables()
        batches: dict[str, list[Rotated]] = defaultdict(list)
        for batch in rotate():
            batches[batch.name].append(batch)
        unreadable = 0
        for name, done in batches.items():
            anew, current = sum(batch.anew for batch in done), sum(batch.current for batch in done)
            lost = [pk for batch in done for pk in batch.unreadable]
            unreadable += len(lost)
            self.stdout.write(f"{name}: {anew} encrypted anew, {current} were already.")
            if lost:
                self.stderr.write(f"{name}: none of CREDENTIAL_KEYS decrypts {', '.join(map(str, lost))}.")
        if not batches:
            self.stdout.write("Nothing is encrypted yet.")
        if unreadable:
            raise CommandError(f"{unreadable} secret(s) could not be read: enter them again.")
