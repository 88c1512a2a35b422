"""Settings, all of them: the only module that reads the environment, with ``environment``'s readers.

``docs/settings.md`` lists them.
"""

import secrets
from datetime import timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from django.utils.csp import CSP

from zgproject import environment
from zgproject.environment import BASE_DIR, env
from zgproject.local_secrets import read_or_create

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).expanduser().resolve()
_SECRETS = DATA_DIR / "secrets"

# --- Django -----------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = environment.secret("SECRET_KEY") or read_or_create(
    _SECRETS / "secret_key", lambda: secrets.token_urlsafe(64)
)
HOST = env.str("HOST", default="127.0.0.1")
PORT = environment.port("PORT", 8000)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    # The admin's theme, before the admin: it puts its own site and templates in place of Django's.
    "unfold",
    "unfold.contrib.filters",
    "zgproject.admin_app.AdminConfig",
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

if DATABASE_URL := environment.secret("DATABASE_URL"):
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
# After how many executions a statement is prepared; only those of ``runtime.prepared`` ever are.
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = (
    5 if env.bool("DATABASE_PREPARED_STATEMENTS", default=True) else None
)
DATABASE_THREADS = env.int("DATABASE_THREADS", default=4)

REDIS_URL = environment.secret("REDIS_URL")
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
UPSTREAM_CA_FILE = environment.optional_path("UPSTREAM_CA_FILE")
GEMINI_API_KEY = environment.secret("GEMINI_API_KEY")
ZEROGRAVITY_TOKEN = environment.secret("ZEROGRAVITY_TOKEN")
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
INTERCEPTOR_PORT = environment.port("INTERCEPTOR_PORT", 8090)
INTERCEPTOR_URL = env.str("INTERCEPTOR_URL", default=f"http://{INTERCEPTOR_HOST}:{INTERCEPTOR_PORT}")
# Needed as soon as it listens for other machines.
INTERCEPTOR_PROXY_USER = env.str("INTERCEPTOR_PROXY_USER", default="")
INTERCEPTOR_PROXY_PASSWORD = environment.secret("INTERCEPTOR_PROXY_PASSWORD")
# Empty: the upstream's.
INTERCEPT_HOSTS = environment.host_patterns("INTERCEPT_HOSTS")
PASS_THROUGH_HOSTS = environment.host_patterns("PASS_THROUGH_HOSTS")
INTERCEPTOR_DIR = DATA_DIR / "interceptor"
INTERCEPTOR_CA_FILE = Path(
    env.str("INTERCEPTOR_CA_FILE", default=str(INTERCEPTOR_DIR / "mitmproxy-ca-cert.pem"))
)

# --- Language server -----------------------------------------------------------------------

LANGUAGE_SERVER_HOST = env.str("LANGUAGE_SERVER_HOST", default="127.0.0.1")
LANGUAGE_SERVER_PORT = environment.port("LANGUAGE_SERVER_PORT", 8091)
LANGUAGE_SERVER_URL = environment.origin("LANGUAGE_SERVER_URL")
# `serve` starts ours unless another one is named.
OWN_LANGUAGE_SERVER = not LANGUAGE_SERVER_URL
if OWN_LANGUAGE_SERVER:
    LANGUAGE_SERVER_URL = f"http://{LANGUAGE_SERVER_HOST}:{LANGUAGE_SERVER_PORT}"
LANGUAGE_SERVER_CSRF_TOKEN = environment.secret("LANGUAGE_SERVER_CSRF_TOKEN") or read_or_create(
    _SECRETS / "language_server_csrf_token", lambda: secrets.token_urlsafe(32)
)
LANGUAGE_SERVER_MODEL = env.str("LANGUAGE_SERVER_MODEL", default="MODEL_PLACEHOLDER_M1")
# Our name of a model -> the language server's.
LANGUAGE_SERVER_MODELS = environment.map("LANGUAGE_SERVER_MODELS")
LANGUAGE_SERVER_CA_FILE = environment.optional_path("LANGUAGE_SERVER_CA_FILE")
LANGUAGE_SERVER_CONNECT_TIMEOUT = environment.seconds("LANGUAGE_SERVER_CONNECT_TIMEOUT", 3)
LANGUAGE_SERVER_TIMEOUT = environment.seconds("LANGUAGE_SERVER_TIMEOUT", 10)
# Ours only: what it calls the upstream with where there is no interceptor, and what it offers.
LANGUAGE_SERVER_API_KEY = environment.secret("LANGUAGE_SERVER_API_KEY")
LANGUAGE_SERVER_REACTIVE_UPDATES = env.bool("LANGUAGE_SERVER_REACTIVE_UPDATES", default=True)

# --- Access ----------------------------------------------------------------------------------

API_KEY_HASH_KEY = environment.secret("API_KEY_HASH_KEY") or read_or_create(
    _SECRETS / "api_key_hash_key", lambda: secrets.token_urlsafe(64)
)
# Fernet keys, newest first: the first encrypts, all decrypt.
CREDENTIAL_KEYS = [
    key.strip() for key in environment.secret("CREDENTIAL_KEYS").split(",") if key.strip()
] or [read_or_create(_SECRETS / "credential_key", lambda: Fernet.generate_key().decode())]
# The operator's own OAuth client, as the client_secret.json that Google's console gives.
OAUTH_CLIENT = environment.secret("OAUTH_CLIENT")
OAUTH_SCOPES = env.list("OAUTH_SCOPES", default=["https://www.googleapis.com/auth/cloud-platform"])
OAUTH_CA_BUNDLE = environment.optional_path("OAUTH_CA_BUNDLE")
OAUTH_TIMEOUT = environment.seconds("OAUTH_TIMEOUT", 10)
CREDENTIAL_RENEW_BEFORE = environment.seconds("CREDENTIAL_RENEW_BEFORE", 300)
# What keys and users may use for whom the admin says nothing else.
KEY_LIMITS = environment.limits("KEY_LIMITS")
USER_LIMITS = environment.limits("USER_LIMITS")
ASSUMED_OUTPUT_TOKENS = env.int("ASSUMED_OUTPUT_TOKENS", default=2048)

# --- Responses API ---------------------------------------------------------------------------

DEFAULT_MODEL = env.str("DEFAULT_MODEL", default="gemini-3.8-flash")
MODEL_ALIASES = env.dict("MODEL_ALIASES", default={})
UNKNOWN_MODELS = environment.choice("UNKNOWN_MODELS", "serve", "refuse")
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_BYTES", default=128 * 1024 * 1024)
GATE_TIMEOUT = environment.seconds("GATE_TIMEOUT", 5)
RESPONSE_TIMEOUT = environment.seconds("RESPONSE_TIMEOUT", 1200)
KEEPALIVE_INTERVAL = environment.seconds("KEEPALIVE_INTERVAL", 10)
STREAM_OPEN_GRACE = environment.seconds("STREAM_OPEN_GRACE", 1)
BACKGROUND_CONCURRENCY = env.int("BACKGROUND_CONCURRENCY", default=4)
WEBSOCKET = env.bool("WEBSOCKET", default=True)
WEBSOCKET_MAX_SECONDS = environment.seconds("WEBSOCKET_MAX_SECONDS", 3600)

# --- Images and files that a request names by web address ------------------------------------

REMOTE_FILES = env.bool("REMOTE_FILES", default=True)
REMOTE_FILES_HTTP = env.bool("REMOTE_FILES_HTTP", default=False)
REMOTE_FILES_PORTS = environment.ports("REMOTE_FILES_PORTS", [443])
REMOTE_FILES_ALLOWED_HOSTS = environment.hosts("REMOTE_FILES_ALLOWED_HOSTS")
REMOTE_FILES_CA_BUNDLE = environment.optional_path("REMOTE_FILES_CA_BUNDLE")
REMOTE_FILES_TIMEOUT = environment.seconds("REMOTE_FILES_TIMEOUT", 20)
REMOTE_FILES_MAX_BYTES = env.int("REMOTE_FILES_MAX_BYTES", default=64 * 1024 * 1024)

# --- Webhooks and idempotency keys -----------------------------------------------------------

WEBHOOK_ALLOWED_HOSTS = environment.hosts("WEBHOOK_ALLOWED_HOSTS")
WEBHOOK_CA_BUNDLE = environment.optional_path("WEBHOOK_CA_BUNDLE")
WEBHOOK_CONCURRENCY = env.int("WEBHOOK_CONCURRENCY", default=8)
WEBHOOK_RETRY_HOURS = environment.positive("WEBHOOK_RETRY_HOURS", 72)
WEBHOOK_KEPT_DAYS = environment.positive("WEBHOOK_KEPT_DAYS", 30)
IDEMPOTENCY_HOURS = environment.positive("IDEMPOTENCY_HOURS", 24)
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

CONTENT_CAPTURE = environment.choice("CONTENT_CAPTURE", "off", "preview", "full")
CAPTURE_MAX_BYTES = environment.bytes("CAPTURE_MAX_BYTES", 1024 * 1024)
RETENTION_CAPTURES_DAYS = environment.days("RETENTION_CAPTURES_DAYS", 7)
RETENTION_RESPONSES_DAYS = environment.days("RETENTION_RESPONSES_DAYS", 30)
RETENTION_TRACES_DAYS = environment.days("RETENTION_TRACES_DAYS", 90)
RETENTION_USAGE_DAYS = environment.days("RETENTION_USAGE_DAYS", 0)
RETENTION_AUDIT_DAYS = environment.days("RETENTION_AUDIT_DAYS", 400)

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
