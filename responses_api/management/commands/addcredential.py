"""``manage.py addcredential --name NAME``: an upstream account, by signing in or from what one has."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from responses_api.access import sign_in
from responses_api.access.oauth_client import OAuthClient, SignInFailed, client_of_installation, read_client
from responses_api.access.service_accounts import KeyFileUnusable, read_key_file
from responses_api.access.stored_secrets import AccessTokenSecret, ApiKeySecret, StoredSecret, put_secret
from responses_api.check_tags import GATEWAY
from responses_api.management.tables import require_tables
from responses_api.models import Credential

_PATIENCE = 600.0
"""Seconds that somebody gets to sign in."""


class Command(BaseCommand):
    """Signs in with the operator's own OAuth client, or takes a key, a token or a key file."""

    help = (
        "Add an upstream account. Without one of --api-key-stdin, --access-token-stdin and --service-account "
        "it is signed in to with a browser, by an OAuth client of your own."
    )
    requires_system_checks = (GATEWAY,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--name", required=True, help="what the account is, for people to read")
        parser.add_argument("--user", help="only requests of this user are made with it (default: anybody's)")
        parser.add_argument("--default", action="store_true", help="make it the installation's default")
        parser.add_argument("--quota-project", default="", help="the Google Cloud project that pays")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--api-key-stdin", action="store_true", help="read an upstream API key")
        source.add_argument("--access-token-stdin", action="store_true", help="read an access token")
        source.add_argument(
            "--service-account", metavar="FILE", type=Path, help="the key file of a service account"
        )
        source.add_argument("--client", metavar="FILE", type=Path, help="your client_secret.json")
        source.add_argument("--client-id", help="your client, instead of --client")
        parser.add_argument("--client-secret", default="", help="the secret that belongs to --client-id")
        parser.add_argument(
            "--expires-in", metavar="SECONDS", type=int, help="how long the access token lasts yet"
        )
        parser.add_argument(
            "--scope", metavar="URL", action="append", help="what to ask for (default: OAUTH_SCOPES)"
        )
        parser.add_argument(
            "--port", type=int, default=0, help="port that the browser comes back to (default: any)"
        )
        parser.add_argument("--no-browser", action="store_true", help="only print the address to open")

    def handle(self, *args: Any, **options: Any) -> None:
        """Get the secret, then store the credential."""
        require_tables()
        owner = None
        if options["user"] and (owner := User.objects.filter(username=options["user"]).first()) is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        credential = Credential(
            name=options["name"],
            owner=owner,
            is_default=options["default"],
            quota_project=options["quota_project"],
        )
        try:
            # What cannot be stored is said before anybody signs in for it.
            credential.full_clean(exclude=["kind", "secret"])
            secret, expires_at = self._secret(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except (SignInFailed, KeyFileUnusable) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None
        put_secret(credential, secret, expires_at)
        credential.save()
        whose = f"for requests of user {owner.username!r}" if owner else "for everybody's requests"
        self.stdout.write(f"Credential {credential.pk} {credential.name!r} is stored, {whose}.")

    def _secret(self, options: dict[str, Any]) -> tuple[StoredSecret, datetime | None]:
        scopes = options["scope"] or settings.OAUTH_SCOPES
        if options["api_key_stdin"]:
            return ApiKeySecret(_read_line()), None
        if options["access_token_stdin"]:
            lasts = options["expires_in"]
            ends = None if lasts is None else timezone.now() + timedelta(seconds=lasts)
            return AccessTokenSecret(_read_line()), ends
        if options["service_account"]:
            # Expired from the start: the first use gets its first token.
            return read_key_file(options["service_account"].read_bytes(), scopes), timezone.now()
        signed_in = sign_in.sign_in_here(
            _client(options),
            scopes,
            port=options["port"],
            open_browser=not options["no_browser"],
            prompt="Open this address in a browser on this machine, and sign in:\n\n    {url}\n",
            patience=_PATIENCE,
        )
        return signed_in.secret, signed_in.expires_at


def _client(options: dict[str, Any]) -> OAuthClient:
    if options["client"]:
        return read_client(options["client"].read_bytes())
    if options["client_id"]:
        return OAuthClient(options["client_id"], options["client_secret"])
    client = client_of_installation()
    if client is None:
        raise SignInFailed(
            "An OAuth client of your own is needed: --client FILE, --client-id, or OAUTH_CLIENT_FILE."
        )
    return client


def _read_line() -> str:
    """The secret on standard input, printable ASCII in one piece, as it goes into an HTTP header."""
    text = sys.stdin.readline().strip()
    if not text or not all("!" <= character <= "~" for character in text):
        raise CommandError("There is no key or token on standard input: one line, without spaces.")
    return text
