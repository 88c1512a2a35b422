"""Settings, all of them: the only module that reads the environment.

Every value can be given as an environment variable or in a ``.env`` file beside
``manage.py``; a secret also as ``NAME_FILE``, the path of a file that holds it.
``docs/settings.md`` lists them.
"""

import json
import math
import secrets
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from zgproject.local_secrets import read_or_create

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
if (BASE_DIR / ".env").is_file():
    environ.Env.read_env(BASE_DIR / ".env")


def _secret(name: str) -> str:
    """The value as it is: a leading ``$`` names no other variable; line breaks around it do not count."""
    return str(env.ENVIRON.get(name, "")).strip()


def _port(name: str, default: int) -> int:
    port = env.int(name, default=default)
    if not 0 <= port <= 65535:
        raise ImproperlyConfigured(f"{name} must be a port number between 0 and 65535, not {port}.")
    return port


def _ports(name: str, default: list[int]) -> list[int]:
    ports = env.list(name, default=default)
    try:
        numbers = [int(port) for port in ports]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list port numbers, not {ports}.") from error
    if not all(0 < port <= 65535 for port in numbers):
        raise ImproperlyConfigured(f"{name} must list port numbers between 1 and 65535, not {numbers}.")
    return numbers


def _seconds(name: str, default: float) -> float:
    seconds = env.float(name, default=default)
    if seconds <= 0:
        raise ImproperlyConfigured(f"{name} must be a positive number of seconds, not {seconds}.")
    return seconds


def _positive(name: str, default: float) -> float:
    number = env.float(name, default=default)
    if not 0 < number < math.inf:
        raise ImproperlyConfigured(f"{name} must be a positive number, not {number}.")
    return number


def _days(name: str, default: float) -> float:
    days = env.float(name, default=default)
    if not 0 <= days < math.inf:
        raise ImproperlyConfigured(f"{name} must be a number of days, or 0 to keep for ever, not {days}.")
    return days


def _bytes(name: str, default: int) -> int:
    size = env.int(name, default=default)
    if size <= 0:
        raise ImproperlyConfigured(f"{name} must be a positive number of bytes, not {size}.")
    return size


def _host(name: str, entry: str) -> str:
    problem = f"{name} must list hosts as host or host:port, not {entry!r}."
    try:
        parts = urlsplit(f"//{entry}")
        port = parts.port or 443
    except ValueError as error:
        raise ImproperlyConfigured(problem) from error
    if not parts.hostname or parts.netloc != entry or "@" in entry or "*" in entry:
        raise ImproperlyConfigured(problem)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}"


_LIMITS = (
    *("requests_per_minute", "tokens_per_minute", "concurrent_responses", "tokens_per_day"),
    *("tokens_per_month", "dollars_per_day", "dollars_per_month"),
)


def _limits(name: str) -> dict[str, Decimal]:
    """A map of limits; counts are whole numbers, money has up to six decimals."""
    limits = {}
    for limit, value in env.dict(name, default={}).items():
        if limit not in _LIMITS:
            raise ImproperlyConfigured(f"{name} knows no {limit!r}; it may give {', '.join(_LIMITS)}.")
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise ImproperlyConfigured(f"{name} gives {limit}={value!r}, which is not a number.") from error
        smallest = Decimal("0.000001") if limit.startswith("dollars") else Decimal(1)
        if not number.is_finite() or number < smallest or number % smallest:
            kind = "an amount of dollars" if limit.startswith("dollars") else "a whole number"
            raise ImproperlyConfigured(f"{name} must give {limit} as {kind} above 0, not {value}.")
        limits[limit] = number
    return limits


def _hosts(name: str) -> list[str]:
    """Entries ``host`` or ``host:port`` as ``host:port`` in lower case; 443 where there is no port."""
    return [_host(name, entry) for entry in env.list(name, default=[])]


def _host_patterns(name: str) -> list[str]:
    """The same, and ``*.domain`` for all hosts below a name."""
    return [
        f"*.{_host(name, entry[2:])}" if entry.startswith("*.") else _host(name, entry)
        for entry in env.list(name, default=[])
    ]


def _origin(name: str) -> str:
    """An address ``http(s)://host:port`` without a path; empty where it is not set."""
    url = _secret(name).rstrip("/")
    if not url:
        return ""
    problem = f"{name} must be an address such as http://127.0.0.1:8091, without a path."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(problem) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ImproperlyConfigured(problem)
    if parts.path or parts.query or parts.fragment:
        raise ImproperlyConfigured(problem)
    return url


def _map(name: str) -> dict[str, str]:
    """A JSON object of strings, or ``key=value`` pairs separated by commas."""
    value = env.str(name, default="").strip()
    problem = f"{name} must be a JSON object of strings, or name=value pairs separated by commas."
    entries: dict[str, Any]
    if value.startswith("{"):
        try:
            entries = json.loads(value)
        except ValueError as error:
            raise ImproperlyConfigured(problem) from error
    else:
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        entries = {key.strip(): entry.strip() for key, _, entry in pairs}
    if not all(key and isinstance(entry, str) and entry for key, entry in entries.items()):
        raise ImproperlyConfigured(problem)
    return entries


def _choice(name: str, default: str, *others: str) -> str:
    value = env.str(name, default=default)
    if value not in (default, *others):
        raise ImproperlyConfigured(f"{name} must be one of {', '.join((default, *others))}, not {value!r}.")
    return value


def _optional_path(name: str) -> Path | None:
    value = env.str(name, default="")
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_file():
        raise ImproperlyConfigured(f"{name} names a file that does not exist: {path}")
    return path.resolve()


DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).expanduser().resolve()
_SECRETS = DATA_DIR / "secrets"

# --- Django -----------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _secret("SECRET_KEY") or read_or_create(
    _SECRETS / "secret_key", lambda: secrets.token_urlsafe(64)
)
HOST = env.str("HOST", default="127.0.0.1")
PORT = _port("PORT", 8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    # The admin's theme, before the admin: it puts its own site and templates in place of Django's.
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "auditlog",
    "axes",
    "responses_api",
    "interceptor",
]

MIDDLEWARE = [
    "responses_api.rest.middleware.api_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "responses_api.audit.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

ROOT_URLCONF = "zgproject.urls"
ASGI_APPLICATION = "zgproject.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
# Static files are read from the installed packages, so that there is no collectstatic step.
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Ten wrong passwords for a name from one address: that address waits before it may try this name again.
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=10)
AXES_COOLOFF_TIME = timedelta(seconds=env.int("LOGIN_COOLOFF", default=900))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
# The address of the connection; daphne puts the client's there where it is told to (--proxy-headers).
AXES_CLIENT_IP_CALLABLE = "responses_api.audit.client_address"

# The theme of the admin needs inline styles and scripts, and its script library evaluates attributes.
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_INLINE, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# Behind a proxy that ends TLS: the proxy must set X-Forwarded-Proto.
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)
if HTTPS_ONLY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- PostgreSQL and the channel layer -----------------------------------------------------

if DATABASE_URL := _secret("DATABASE_URL"):
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "zgproject.embedded_postgres",
            "NAME": "postgres",
            "OPTIONS": {"data_dir": str(DATA_DIR / "postgres")},
        }
    }
EMBEDDED_DATABASE = not DATABASE_URL
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASE_THREADS = env.int("DATABASE_THREADS", default=4)

REDIS_URL = _secret("REDIS_URL")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="zg")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- Upstream ------------------------------------------------------------------------------

UPSTREAM_URL = env.str("UPSTREAM_URL", default="").rstrip("/")
UPSTREAM_API_VERSION = env.str("UPSTREAM_API_VERSION", default="v1beta")
UPSTREAM_CA_FILE = _optional_path("UPSTREAM_CA_FILE")
GEMINI_API_KEY = _secret("GEMINI_API_KEY")
ZEROGRAVITY_TOKEN = _secret("ZEROGRAVITY_TOKEN")
QUOTA_PROJECT = env.str("QUOTA_PROJECT", default="")
PUBLIC_GEMINI_URL = "https://generativelanguage.googleapis.com"
# Without an upstream and without a credential `serve` answers from the simulator.
UPSTREAM_SIMULATED = env.bool(
    "UPSTREAM_SIMULATED", default=not (UPSTREAM_URL or GEMINI_API_KEY or ZEROGRAVITY_TOKEN)
)
if not UPSTREAM_URL:
    UPSTREAM_URL = PUBLIC_GEMINI_URL

# --- Interceptor ---------------------------------------------------------------------------

# Without it the language server is given the real text, and its cascade is followed.
INTERCEPTOR_ENABLED = env.bool("INTERCEPTOR_ENABLED", default=True)
INTERCEPTOR_HOST = env.str("INTERCEPTOR_HOST", default="127.0.0.1")
INTERCEPTOR_PORT = _port("INTERCEPTOR_PORT", 8090)
INTERCEPTOR_URL = env.str("INTERCEPTOR_URL", default=f"http://{INTERCEPTOR_HOST}:{INTERCEPTOR_PORT}")
# Needed as soon as it listens for other machines.
INTERCEPTOR_PROXY_USER = env.str("INTERCEPTOR_PROXY_USER", default="")
INTERCEPTOR_PROXY_PASSWORD = _secret("INTERCEPTOR_PROXY_PASSWORD")
# Empty: the upstream's.
INTERCEPT_HOSTS = _host_patterns("INTERCEPT_HOSTS")
PASS_THROUGH_HOSTS = _host_patterns("PASS_THROUGH_HOSTS")
INTERCEPTOR_DIR = DATA_DIR / "interceptor"
INTERCEPTOR_CA_FILE = Path(
    env.str("INTERCEPTOR_CA_FILE", default=str(INTERCEPTOR_DIR / "mitmproxy-ca-cert.pem"))
)

# --- Language server -----------------------------------------------------------------------

LANGUAGE_SERVER_HOST = env.str("LANGUAGE_SERVER_HOST", default="127.0.0.1")
LANGUAGE_SERVER_PORT = _port("LANGUAGE_SERVER_PORT", 8091)
LANGUAGE_SERVER_URL = _origin("LANGUAGE_SERVER_URL")
# `serve` starts ours unless another one is named.
OWN_LANGUAGE_SERVER = not LANGUAGE_SERVER_URL
if OWN_LANGUAGE_SERVER:
    LANGUAGE_SERVER_URL = f"http://{LANGUAGE_SERVER_HOST}:{LANGUAGE_SERVER_PORT}"
LANGUAGE_SERVER_CSRF_TOKEN = _secret("LANGUAGE_SERVER_CSRF_TOKEN") or read_or_create(
    _SECRETS / "language_server_csrf_token", lambda: secrets.token_urlsafe(32)
)
LANGUAGE_SERVER_MODEL = env.str("LANGUAGE_SERVER_MODEL", default="MODEL_PLACEHOLDER_M1")
# Our name of a model -> the language server's.
LANGUAGE_SERVER_MODELS = _map("LANGUAGE_SERVER_MODELS")
LANGUAGE_SERVER_CA_FILE = _optional_path("LANGUAGE_SERVER_CA_FILE")
LANGUAGE_SERVER_CONNECT_TIMEOUT = _seconds("LANGUAGE_SERVER_CONNECT_TIMEOUT", 3)
LANGUAGE_SERVER_TIMEOUT = _seconds("LANGUAGE_SERVER_TIMEOUT", 10)
# Ours only: what it calls the upstream with where there is no interceptor, and what it offers.
LANGUAGE_SERVER_API_KEY = _secret("LANGUAGE_SERVER_API_KEY")
LANGUAGE_SERVER_REACTIVE_UPDATES = env.bool("LANGUAGE_SERVER_REACTIVE_UPDATES", default=True)

# --- Access ----------------------------------------------------------------------------------

API_KEY_HASH_KEY = _secret("API_KEY_HASH_KEY") or read_or_create(
    _SECRETS / "api_key_hash_key", lambda: secrets.token_urlsafe(64)
)
# Fernet keys, newest first: the first encrypts, all decrypt.
CREDENTIAL_KEYS = [key.strip() for key in _secret("CREDENTIAL_KEYS").split(",") if key.strip()] or [
    read_or_create(_SECRETS / "credential_key", lambda: Fernet.generate_key().decode())
]
# The operator's own OAuth client, as the client_secret.json that Google's console gives.
OAUTH_CLIENT = _secret("OAUTH_CLIENT")
OAUTH_SCOPES = env.list("OAUTH_SCOPES", default=["https://www.googleapis.com/auth/cloud-platform"])
OAUTH_CA_BUNDLE = _optional_path("OAUTH_CA_BUNDLE")
OAUTH_TIMEOUT = _seconds("OAUTH_TIMEOUT", 10)
CREDENTIAL_RENEW_BEFORE = _seconds("CREDENTIAL_RENEW_BEFORE", 300)
# What keys and users may use for whom the admin says nothing else.
KEY_LIMITS = _limits("KEY_LIMITS")
USER_LIMITS = _limits("USER_LIMITS")
ASSUMED_OUTPUT_TOKENS = env.int("ASSUMED_OUTPUT_TOKENS", default=2048)

# --- Responses API ---------------------------------------------------------------------------

DEFAULT_MODEL = env.str("DEFAULT_MODEL", default="gemini-3.8-flash")
MODEL_ALIASES = env.dict("MODEL_ALIASES", default={})
UNKNOWN_MODELS = _choice("UNKNOWN_MODELS", "serve", "refuse")
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_BYTES", default=128 * 1024 * 1024)
GATE_TIMEOUT = _seconds("GATE_TIMEOUT", 5)
RESPONSE_TIMEOUT = _seconds("RESPONSE_TIMEOUT", 1200)
KEEPALIVE_INTERVAL = _seconds("KEEPALIVE_INTERVAL", 10)
STREAM_OPEN_GRACE = _seconds("STREAM_OPEN_GRACE", 1)
BACKGROUND_CONCURRENCY = env.int("BACKGROUND_CONCURRENCY", default=4)
WEBSOCKET = env.bool("WEBSOCKET", default=True)
WEBSOCKET_MAX_SECONDS = _seconds("WEBSOCKET_MAX_SECONDS", 3600)

# --- Images and files that a request names by web address ------------------------------------

REMOTE_FILES = env.bool("REMOTE_FILES", default=True)
REMOTE_FILES_HTTP = env.bool("REMOTE_FILES_HTTP", default=False)
REMOTE_FILES_PORTS = _ports("REMOTE_FILES_PORTS", [443])
REMOTE_FILES_ALLOWED_HOSTS = _hosts("REMOTE_FILES_ALLOWED_HOSTS")
REMOTE_FILES_CA_BUNDLE = _optional_path("REMOTE_FILES_CA_BUNDLE")
REMOTE_FILES_TIMEOUT = _seconds("REMOTE_FILES_TIMEOUT", 20)
REMOTE_FILES_MAX_BYTES = env.int("REMOTE_FILES_MAX_BYTES", default=64 * 1024 * 1024)

# --- Webhooks and idempotency keys -----------------------------------------------------------

WEBHOOK_ALLOWED_HOSTS = _hosts("WEBHOOK_ALLOWED_HOSTS")
WEBHOOK_CA_BUNDLE = _optional_path("WEBHOOK_CA_BUNDLE")
WEBHOOK_CONCURRENCY = env.int("WEBHOOK_CONCURRENCY", default=8)
WEBHOOK_RETRY_HOURS = _positive("WEBHOOK_RETRY_HOURS", 72)
WEBHOOK_KEPT_DAYS = _positive("WEBHOOK_KEPT_DAYS", 30)
IDEMPOTENCY_HOURS = _positive("IDEMPOTENCY_HOURS", 24)
IDEMPOTENCY_MAX_BYTES = env.int("IDEMPOTENCY_MAX_BYTES", default=8 * 1024 * 1024)

# --- The admin's theme: everything it needs is served from the installed package -----------------

LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = {
    "SITE_TITLE": "Gateway",
    "SITE_HEADER": "Gateway",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "responses_api.admin.navigation.favicon"}
    ],
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["responses_api.admin.navigation.stylesheet"],
    "SITE_VIEWS": [
        ("playground/", "playground", "responses_api.admin.playground.PlaygroundView"),
        ("export/usage/", "export_usage", "responses_api.admin.usage_export.UsageExportView"),
    ],
    "DASHBOARD_CALLBACK": "responses_api.admin.dashboard.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": "responses_api.admin.navigation.sidebar"},
}

# --- What is kept, and for how long ----------------------------------------------------------

CONTENT_CAPTURE = _choice("CONTENT_CAPTURE", "off", "preview", "full")
CAPTURE_MAX_BYTES = _bytes("CAPTURE_MAX_BYTES", 1024 * 1024)
RETENTION_CAPTURES_DAYS = _days("RETENTION_CAPTURES_DAYS", 7)
RETENTION_RESPONSES_DAYS = _days("RETENTION_RESPONSES_DAYS", 30)
RETENTION_TRACES_DAYS = _days("RETENTION_TRACES_DAYS", 90)
RETENTION_USAGE_DAYS = _days("RETENTION_USAGE_DAYS", 0)

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["responses_api.rest.authentication.ApiKeyAuthentication"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "responses_api.rest.negotiation.OneForm",
    "DEFAULT_SCHEMA_CLASS": "responses_api.rest.openapi.document.TableSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "responses_api.rest.exceptions.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "zerogravity gateway",
    "DESCRIPTION": "The OpenAI Responses API in front of models that speak the Gemini protocol.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_AUTHENTICATION": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["responses_api.rest.openapi.document.complete"],
    # The page's script and style come from the installed package, and it calls no validator of others.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
}

# --- Logging -----------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"zg": {"level": LOG_LEVEL}},
}
