"""A small OAuth 2.0 authorization server on loopback, with TLS: what Google's does for a gateway.

Authorization codes with PKCE (S256), refresh tokens that may be replaced with each use, assertions
of service accounts; and the ways in which such a server fails. In threads of its own, so that it
serves other processes and any event loop.
"""

import base64
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from google.auth import jwt

from interceptor.simulator.tls import TlsFiles

CLIENT_ID = "operator.apps.example"
CLIENT_SECRET = "GOCSPX-canary-client-secret"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
GOOGLES_TOKEN_URI = "https://oauth2.googleapis.com/token"
"""Whom google-auth's assertions are for, wherever they are sent."""
type Answer = tuple[int, dict[str, Any] | bytes]


@dataclass
class AuthorizationServer:
    """Its state; tests look into it and change it."""

    tls: TlsFiles
    port: int = 0
    lifetime: int = 3600
    """Seconds that an access token lasts."""
    rotates: bool = False
    """Whether each refresh token is good for one use."""
    fault: str = ""
    """``500``, ``garbage``, ``nonsense`` (no text where the token should be), ``drip`` or ``stall``."""
    pause: float = 0.0
    """Seconds before the token endpoint answers."""
    next_token: str = ""
    """The access token to give out next, instead of a fresh one."""
    granted_scope: str = ""
    """What the answer says was granted, if it says."""
    refresh_tokens: set[str] = field(default_factory=set)
    access_tokens: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    """Forms that the token endpoint was sent."""
    public_certificate: str = ""
    """Of the service account."""
    closing: threading.Event = field(default_factory=threading.Event)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def auth_uri(self) -> str:
        return f"https://127.0.0.1:{self.port}/auth"

    @property
    def token_uri(self) -> str:
        return f"https://127.0.0.1:{self.port}/token"

    def client_json(self, kind: str = "installed") -> str:
        """The operator's ``client_secret.json``."""
        client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "auth_uri": self.auth_uri,
            "token_uri": self.token_uri,
        }
        return json.dumps({kind: client})

    def new_refresh_token(self) -> str:
        token = f"1//canary-refresh-{secrets.token_hex(8)}"
        self.refresh_tokens.add(token)
        return token

    def authorize(self, query: dict[str, str]) -> str:
        """The account's owner agrees: where the browser is sent."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert query["access_type"] == "offline"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'state': query['state'], 'code': code})}"

    def answer(self, form: dict[str, str]) -> Answer:
        with self._lock:
            self.requests.append(form)
        if self.pause:
            self.closing.wait(self.pause)
        if self.fault:
            return self._failed()
        with self._lock:
            return self._granted(form)

    def _failed(self) -> Answer:
        match self.fault:
            case "garbage":
                return 200, b"<html>no JSON</html>"
            case "nonsense":
                return 200, {"access_token": 7, "expires_in": "soon"}
            case _:
                return 500, {"error": "internal_failure"}

    def _granted(self, form: dict[str, str]) -> Answer:
        refresh = ""
        match form.get("grant_type"):
            case "authorization_code":
                if not self._code_is_good(form):
                    return _refused("invalid_grant", "Malformed auth code.")
                refresh = self.new_refresh_token()
            case "refresh_token":
                if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
                    return _refused("invalid_client", "The OAuth client was not found.", 401)
                if form["refresh_token"] not in self.refresh_tokens:
                    return _refused(
                        "invalid_grant", f"Token {form['refresh_token']} has been expired or revoked."
                    )
                if self.rotates:
                    self.refresh_tokens.remove(form["refresh_token"])
                    refresh = self.new_refresh_token()
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                claims = jwt.decode(
                    form["assertion"], certs=self.public_certificate, audience=GOOGLES_TOKEN_URI
                )
                assert claims["scope"] == " ".join(SCOPES)
            case _:
                return _refused("unsupported_grant_type", "")
        return 200, self._tokens(refresh)

    def _tokens(self, refresh: str) -> dict[str, Any]:
        token = self.next_token or f"ya29.canary-access-{secrets.token_hex(8)}"
        self.next_token = ""
        self.access_tokens.append(token)
        said: dict[str, Any] = {"access_token": token, "token_type": "Bearer"}
        if self.lifetime:
            said["expires_in"] = self.lifetime
        if refresh:
            said["refresh_token"] = refresh
        if self.granted_scope:
            said["scope"] = self.granted_scope
        return said

    def _code_is_good(self, form: dict[str, str]) -> bool:
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return False
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        return challenge == asked["code_challenge"] and form.get("client_secret") == CLIENT_SECRET


def _refused(error: str, description: str, status: int = 400) -> Answer:
    return status, {"error": error, "error_description": description}


class _Handler(BaseHTTPRequestHandler):
    state: AuthorizationServer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.send_response(302)
        self.send_header("Location", self.state.authorize(query))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()} | self._basic()
        if self.state.fault == "stall":
            self.state.requests.append(form)
            self.state.closing.wait(60)
            return
        status, said = self.state.answer(form)
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.state.fault == "drip":
            self._drip(data)
        else:
            self.wfile.write(data)

    def _basic(self) -> dict[str, str]:
        """The client, where it shows itself in a header instead of the form."""
        scheme, _, said = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return {}
        client_id, _, secret = base64.b64decode(said).decode().partition(":")
        return {"client_id": client_id, "client_secret": secret}

    def _drip(self, data: bytes) -> None:
        for byte in data:
            if self.state.closing.wait(0.2):
                return
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                return

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error."""


@contextmanager
def authorization_server(tls: TlsFiles) -> Iterator[AuthorizationServer]:
    """A running server; its requests are ended with it."""
    state = AuthorizationServer(tls)
    handler = type("Handler", (_Handler,), {"state": state})
    with _Server(("127.0.0.1", 0), handler) as server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls.certificate, tls.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()
