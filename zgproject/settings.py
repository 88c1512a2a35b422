"""Settings, all of them: the only module that reads the environment.

Every value can be given as an environment variable or in a ``.env`` file beside
``manage.py``; a secret also as ``NAME_FILE``, the path of a file that holds it.
``docs/settings.md`` lists them.
"""

import math
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

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


def _hosts(name: str) -> list[str]:
    """Entries ``host`` or ``host:port`` as ``host:port`` in lower case; 443 where there is no port."""
    hosts = []
    for entry in env.list(name, default=[]):
        problem = f"{name} must list hosts as host or host:port, not {entry!r}."
        try:
            parts = urlsplit(f"//{entry}")
            port = parts.port or 443
        except ValueError as error:
            raise ImproperlyConfigured(problem) from error
        if not parts.hostname or parts.netloc != entry or "@" in entry:
            raise ImproperlyConfigured(problem)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        hosts.append(f"{host}:{port}")
    return hosts


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
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

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
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": env.str("REDIS_PREFIX", default="zg")},
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

INTERCEPTOR_HOST = env.str("INTERCEPTOR_HOST", default="127.0.0.1")
INTERCEPTOR_PORT = _port("INTERCEPTOR_PORT", 8090)
INTERCEPTOR_URL = env.str("INTERCEPTOR_URL", default=f"http://{INTERCEPTOR_HOST}:{INTERCEPTOR_PORT}")
INTERCEPTOR_DIR = DATA_DIR / "interceptor"
INTERCEPTOR_CA_FILE = Path(
    env.str("INTERCEPTOR_CA_FILE", default=str(INTERCEPTOR_DIR / "mitmproxy-ca-cert.pem"))
)

# --- Language server -----------------------------------------------------------------------

LANGUAGE_SERVER_HOST = env.str("LANGUAGE_SERVER_HOST", default="127.0.0.1")
LANGUAGE_SERVER_PORT = _port("LANGUAGE_SERVER_PORT", 8091)
LANGUAGE_SERVER_URL = env.str("LANGUAGE_SERVER_URL", default="")
# `serve` starts ours unless another one is named.
OWN_LANGUAGE_SERVER = not LANGUAGE_SERVER_URL
if OWN_LANGUAGE_SERVER:
    LANGUAGE_SERVER_URL = f"http://{LANGUAGE_SERVER_HOST}:{LANGUAGE_SERVER_PORT}"
LANGUAGE_SERVER_CSRF_TOKEN = _secret("LANGUAGE_SERVER_CSRF_TOKEN") or read_or_create(
    _SECRETS / "language_server_csrf_token", lambda: secrets.token_urlsafe(32)
)
LANGUAGE_SERVER_MODEL = env.str("LANGUAGE_SERVER_MODEL", default="MODEL_PLACEHOLDER_M1")
LANGUAGE_SERVER_MODELS = env.dict(
    "LANGUAGE_SERVER_MODELS", default={"MODEL_PLACEHOLDER_M1": "gemini-3.8-flash"}
)

# --- Access ----------------------------------------------------------------------------------

API_KEY_HASH_KEY = _secret("API_KEY_HASH_KEY") or read_or_create(
    _SECRETS / "api_key_hash_key", lambda: secrets.token_urlsafe(64)
)
# Fernet keys, newest first: the first encrypts, all decrypt.
CREDENTIAL_KEYS = [key.strip() for key in _secret("CREDENTIAL_KEYS").split(",") if key.strip()] or [
    read_or_create(_SECRETS / "credential_key", lambda: Fernet.generate_key().decode())
]

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
