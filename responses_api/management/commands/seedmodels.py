"""``manage.py seedmodels``: brings the built-in models into the table of models."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses_api.catalogue import build_catalogue, stored_profiles
from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.model_seed import reset_model, seed_models


class Command(BaseCommand):
    """Adds what is missing, updates what nobody has edited; safe to run at any time."""

    help = "Add the built-in models to the catalogue and update those that were not edited in the admin."
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--reset",
            metavar="NAME",
            action="append",
            default=[],
            help="undo all changes to this built-in model; may be given several times",
        )

    def handle(self, *args: Any, reset: list[str], **options: Any) -> None:
        """Seed, then say what was done and what in the settings leads nowhere."""
        require_tables()
        for name in reset:
            if not reset_model(name):
                raise CommandError(f"There is no built-in model {name!r}.")
        seeded = seed_models()
        self.stdout.write(
            f"{len(seeded.added)} models added, {len(seeded.updated)} updated, "
            f"{len(seeded.kept)} edited ones left as they are."
        )
        for name in build_catalogue(stored_profiles()).dangling():
            self.stderr.write(f"DEFAULT_MODEL or MODEL_ALIASES names {name!r}, which is not served.")
