"""The one settings file. Every knob is an environment variable with a default that runs from a bare clone.

Two modes: ``demo`` (the default: loopback only, SQLite, no other service) and ``production``
(``DISTILLER_MODE=production``), which refuses to start with a default that is only safe on one's own machine.
"""

import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from gateway import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DISTILLER_DATA", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

MODE = env.text("DISTILLER_MODE", "demo")
if MODE not in ("demo", "production"):
    raise env.SettingError(f"DISTILLER_MODE must be demo or production, not {MODE!r}")
PRODUCTION = MODE == "production"
DEBUG = env.flag("DEBUG")


def required(name: str, why: str) -> str:
    value = env.text(name)
    if PRODUCTION and not value:
        raise env.SettingError(f"{name} must be set in production: {why}")
    return value


def demo_secret() -> str:
    """A key made once per data folder, so that sessions outlive a restart of the demo."""
    path = DATA_DIR / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def demo_address() -> str:
    """Where the demo on this data folder was last served."""
    path = DATA_DIR / "public-url"
    return path.read_text() if path.exists() else "http://127.0.0.1:8000"


SECRET_KEY = required("SECRET_KEY", "sessions and signed links rest on it") or demo_secret()
PUBLIC_URL = (required("PUBLIC_URL", "links for other programs are made from it") or demo_address()).rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [urlsplit(PUBLIC_URL).hostname or ""]
if not PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]
if PRODUCTION and DEBUG:
    raise env.SettingError("DEBUG=True is for development only")
if PRODUCTION and urlsplit(PUBLIC_URL).scheme != "https":
    raise env.SettingError("PUBLIC_URL must begin with https:// in production")

# --- the archive -----------------------------------------------------------------------------------------------------
AUTHORITY = env.text("DISTILLER_AUTHORITY", "distiller.example")
SITE_NAME = env.text("DISTILLER_SITE_NAME", str(urlsplit(PUBLIC_URL).hostname) if PRODUCTION else "Demo gateway")
ORGANISATION = env.text("DISTILLER_ORGANISATION", "")
CONTACT_NAME = env.text("DISTILLER_CONTACT_NAME", "The operators")
CONTACT_EMAIL = env.text("DISTILLER_CONTACT_EMAIL")
# Pages of other sites whose scripts may run and watch jobs here with their users' tokens: https://portal.example.org
EMBED_ORIGINS = env.words("DISTILLER_EMBED_ORIGINS")
# Addresses whose files jobs may take as inputs, as beginnings: https://data.example.org/dl3/
INPUT_URLS = env.words("DISTILLER_INPUT_URLS")
# Who may describe jobs for staff to review: everyone (who is signed in), staff, or names of groups.
PROPOSERS = env.words("DISTILLER_PROPOSERS", "everyone")
# Types of jobs that only some groups may run: fit_3d=cta-members|lst, ctbin=experts
JOB_GROUPS = env.groups("DISTILLER_JOB_GROUPS")
ANONYMOUS_JOBS = env.flag("DISTILLER_ANONYMOUS_JOBS")
STORAGE_DIR = DATA_DIR / "archive"
SCRATCH_DIR = DATA_DIR / "scratch"
# Loopback addresses may be called only where a test says so; see gateway.vo.http.
ALLOW_LOOPBACK = env.flag("DISTILLER_ALLOW_LOOPBACK")
SESAME_URLS = env.words(
    "SESAME_URLS",
    "https://cds.unistra.fr/cgi-bin/nph-sesame/,http://vizier.cfa.harvard.edu/viz-bin/nph-sesame/",
)
# What is known of an object elsewhere: a TAP service with SIMBAD's tables; empty: never asked.
SIMBAD_TAP = env.text("SIMBAD_TAP", "https://simbad.cds.unistra.fr/simbad/sim-tap")

if PRODUCTION and ALLOW_LOOPBACK:
    raise env.SettingError("DISTILLER_ALLOW_LOOPBACK=True lets strangers reach this machine's own services")
if PRODUCTION and AUTHORITY.endswith(".example"):
    raise env.SettingError(
        "DISTILLER_AUTHORITY must be set in production, to a name of your own: every identifier is made from it,"
        f" and {AUTHORITY} belongs to nobody"
    )
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise env.SettingError("ALLOWED_HOSTS must name the hosts: * would let a forged Host header into mails and links")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "gateway.accounts.openid.apps.OpenidConfig",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.orcid",
    "allauth.mfa",
    "csp",
    "gateway.pages.apps.PagesConfig",
    "gateway.accounts.apps.AccountsConfig",
    "gateway.accounts.federation.apps.FederationConfig",
    "gateway.access.apps.AccessConfig",
    "provenance.apps.ProvenanceConfig",
    "jobs.apps.JobsConfig",
    "search.archive.apps.ArchiveConfig",
    "search.tap.apps.TapConfig",
    "search.resolver.apps.ResolverConfig",
    "search.portal.apps.PortalConfig",
    "search.apps.SearchConfig",
]

MIDDLEWARE = [
    "gateway.middleware.RequestId",
    "gateway.middleware.FinalSlash",
    "gateway.middleware.OtherOrigins",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "gateway.accounts.csrf.CsrfForCookies",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gateway.accounts.middleware.TokenAuthentication",
    "gateway.accounts.limits.RateLimits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "gateway.accounts.middleware.ProviderErrors",
    "csp.middleware.CSPMiddleware",
    "gateway.pages.errors.NotAllowed",
]

ROOT_URLCONF = "gateway.urls"
WSGI_APPLICATION = "gateway.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "gateway.pages.context.site",
            ],
        },
    },
]

# --- database --------------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
# A connection that is kept is looked at before its next use: the database may have been started anew meanwhile.
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A transaction that reads and then writes fails at once unless it took the write lock at its beginning.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
TAP_DATABASE_URL = env.text("TAP_DATABASE_URL")
# The login is made by tap_role, for tables that migrate makes.
if (
    PRODUCTION
    and DATABASES["default"]["ENGINE"].endswith("postgresql")
    and not TAP_DATABASE_URL
    and sys.argv[1:2] not in (["migrate"], ["tap_role"])
):
    raise env.SettingError(
        "TAP_DATABASE_URL must be set in production: queries of strangers need a database login of their own"
        " (python manage.py tap_role makes it after python manage.py migrate)"
    )
# Tests use a file too, so that the read-only connection of TAP queries is the same as in service.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- TAP -------------------------------------------------------------------------------------------------------------
TAP_ALIASES = env.words("TAP_ALIASES", "cta.vo_obscore=ivoa.obscore")
TAP_MAXREC = env.number("TAP_MAXREC", 20_000)
TAP_MAXREC_LIMIT = env.number("TAP_MAXREC_LIMIT", 10_000_000)
TAP_SYNC_SECONDS = env.number("TAP_SYNC_SECONDS", 60)
TAP_ASYNC_SECONDS = env.number("TAP_ASYNC_SECONDS", 600)
TAP_ASYNC_SECONDS_LIMIT = env.number("TAP_ASYNC_SECONDS_LIMIT", 3600)
TAP_RETENTION_SECONDS = env.number("TAP_RETENTION_SECONDS", 30 * 86400)
TAP_UPLOAD_BYTES = env.number("TAP_UPLOAD_BYTES", 32 * 2**20)
TAP_UPLOAD_ROWS = env.number("TAP_UPLOAD_ROWS", 1_000_000)
# Queries that run at the same time in one web process: of all anonymous visitors together, and of one user.
TAP_ANONYMOUS_RUNNING = env.number("TAP_ANONYMOUS_RUNNING", 8)
TAP_USER_RUNNING = env.number("TAP_USER_RUNNING", 4)

# --- cache, queue ----------------------------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
# Never per-process memory: a TOTP code used in one process would pass in the other.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
CELERY: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "task_ignore_result": True,
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "timezone": "UTC",
}
if REDIS_URL:
    CELERY |= {
        "broker_url": REDIS_URL,
        # Whoever creates a job does not wait for a broker that is away: the keeper announces the job later.
        "broker_transport_options": {"max_retries": 0, "interval_start": 0, "socket_connect_timeout": 2},
    }
else:
    BROKER_DIR = DATA_DIR / "broker"
    for folder in ("queue", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY |= {
        "broker_url": "files://localhost//",
        "broker_transport_options": {
            "data_folder_in": str(BROKER_DIR / "queue"),
            "data_folder_out": str(BROKER_DIR / "queue"),
            "control_folder": str(BROKER_DIR / "control"),
            "polling_interval": 0.05,
        },
    }

# --- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_USER_DISPLAY = "gateway.accounts.models.display_name"
ACCOUNT_ADAPTER = "gateway.accounts.adapters.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(PUBLIC_URL).scheme
SOCIALACCOUNT_ADAPTER = "gateway.accounts.adapters.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = env.login_providers("LOGIN_PROVIDERS")
if env.text("GITHUB_URL"):
    SOCIALACCOUNT_PROVIDERS.setdefault("github", {})["GITHUB_URL"] = env.text("GITHUB_URL")
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Anyone may make an account with an e-mail address; False leaves only the accounts of institutions and providers.
LOCAL_SIGNUP = env.flag("LOCAL_SIGNUP", True)
# What an identity provider vouched for ends so many days after the last login through it, for tokens too.
RIGHTS_LAPSE_DAYS = env.number("RIGHTS_LAPSE_DAYS", 90)
# Services that are asked for memberships between logins, each person once in so many hours.
MEMBERSHIP_SERVICES = env.membership_services("MEMBERSHIP_SERVICES")
MEMBERSHIP_HOURS = env.number("MEMBERSHIP_HOURS", 6)
# The key pair of the SAML service provider, as PEM (usually SAML_KEY_FILE and SAML_CERTIFICATE_FILE).
SAML_KEY = env.text("SAML_KEY")
SAML_CERTIFICATE = env.text("SAML_CERTIFICATE")
SAML_WANT_ENCRYPTED = env.flag("SAML_WANT_ENCRYPTED")
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0)
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_BACKEND = env.text(
    "EMAIL_BACKEND", f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
)
if PRODUCTION and EMAIL_BACKEND.endswith("filebased.EmailBackend"):
    raise env.SettingError(
        "EMAIL_HOST (or an EMAIL_BACKEND of your own) must be set in production: sign-up and requests to PIs go by mail"
    )
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", f"gateway@{urlsplit(PUBLIC_URL).hostname if PRODUCTION else 'distiller.example'}"
)

# --- language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "gateway.formats"
TIME_ZONE = "UTC"
USE_TZ = True

# --- static files: third-party packages come from npm by lock file ------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DATA_DIR / "static")))
NODE_MODULES = Path(env.text("NODE_MODULES", str(BASE_DIR / "node_modules")))
NPM_FOLDERS = {
    "npm/bootstrap": "bootstrap/dist",
    "npm/htmx": "htmx.org/dist",
    "npm/datatables": "datatables.net/js",
    "npm/cytoscape": "cytoscape/dist",
    "npm/cytoscape-dagre": "cytoscape-dagre/dist",
    "npm/aladin": "aladin-lite/dist",
    "npm/plotly": "plotly.js-basic-dist-min",
    "npm/sampjs": "sampjs",
    "npm/plex-sans": "@fontsource-variable/ibm-plex-sans",
    "npm/plex-mono": "@fontsource/ibm-plex-mono",
}
STATICFILES_DIRS: list[Any] = [BASE_DIR / "static"] + [
    (prefix, NODE_MODULES / folder) for prefix, folder in NPM_FOLDERS.items() if (NODE_MODULES / folder).is_dir()
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(STORAGE_DIR)}},
    # Names stay as they are, so that ES modules find each other; ETags keep caches honest.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# From a bare clone pages work before anything was collected.
WHITENOISE_USE_FINDERS = not PRODUCTION and not STATIC_ROOT.is_dir()
WHITENOISE_MAX_AGE = 3600
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")

# --- hardening -------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, "'wasm-unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF, "data:", "blob:", "http://localhost:21012"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_HANDLERS = [
    "jobs.streaming.Limited",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    if env.flag("BEHIND_PROXY"):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "gateway.accounts.csrf.refused"
# The check of the CSRF middleware looks for Django's class by name; ours is a subclass of it.
SILENCED_SYSTEM_CHECKS = ["security.W003"]
# Requests a minute from one address without signing in; 0: any number.
RESOLVE_PER_MINUTE = env.number("RESOLVE_PER_MINUTE", 60 if PRODUCTION else 0)
TAP_PER_MINUTE = env.number("TAP_PER_MINUTE", 300 if PRODUCTION else 0)

# --- log -------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "gateway.vo.log.ContextFilter"}},
    "formatters": {
        "line": {
            "()": "gateway.vo.log.MaskingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s request=%(request_id)s job=%(job_id)s %(message)s",
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
