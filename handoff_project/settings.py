"""Settings of Handoff, read top to bottom. A bad or missing value stops the start-up.

Every variable is described, with its unit, in `.env.example`.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Which Handoff is this? ------------------------------------------------------------------

HANDOFF_ENV = env.str("HANDOFF_ENV", default="production")
if HANDOFF_ENV not in ("production", "demo"):
    raise ImproperlyConfigured(f"HANDOFF_ENV must be production or demo, not {HANDOFF_ENV!r}.")
DEMO = HANDOFF_ENV == "demo"
DEBUG = False

DATA_DIR = Path(env.str("HANDOFF_DATA_DIR", default=str(BASE_DIR / ".data")))
SECRET_KEY = env.str("SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Links in mails start with this address.
HANDOFF_BASE_URL = env.str(
    "HANDOFF_BASE_URL", default=f"http://127.0.0.1:{env.int('HANDOFF_PORT', default=8000)}"
).rstrip("/")

# --- What it is made of ----------------------------------------------------------------------

INSTALLED_APPS = [
    "leads.apps.LeadsConfig",
    "routing.apps.RoutingConfig",
    "sla.apps.SlaConfig",
    "reporting.apps.ReportingConfig",
    "handoff_project.portal.apps.PortalConfig",
    "handoff_project.apps.HandoffConfig",
    "handoff_project.apps.HandoffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page is private unless its view says otherwise.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "handoff_project.portal.middleware.UserTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, because it turns the sign of a locked account into an answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "handoff_project.urls"
WSGI_APPLICATION = "handoff_project.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "handoff_project.portal.context.frame",
            ]
        },
    }
]

# --- State -----------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].update(
    {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Safe behind a transaction pooler; nothing here streams through a server-side cursor.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
)
# JIT compilation was measured to slow the scoring statement by half.
_pg_options = "-c jit=off -c idle_in_transaction_session_timeout=30s -c lock_timeout=10s"
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("options", _pg_options)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Celery: a nudge, never the truth --------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL")
# Several installations may share one broker; each then has a queue of its own.
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="handoff")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SOFT_TIME_LIMIT = 60  # seconds
CELERY_TASK_TIME_LIMIT = 90  # seconds; well under the visibility timeout
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,  # seconds until a killed worker's task is delivered again
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Log-in ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "leads.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# No mail to strangers; it would also link to the sign-up that does not exist.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_ADAPTER = "handoff_project.portal.accounts.InvitationOnlyAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
PASSWORD_RESET_TIMEOUT = 24 * 3600  # seconds; also the life of an invitation's link
AXES_FAILURE_LIMIT = 10  # wrong passwords for one account from one address
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
PROXY_COUNT = env.int("PROXY_COUNT", default=0)
AXES_IPWARE_PROXY_COUNT = PROXY_COUNT or None
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
# By address alone: a stranger's wrong guesses must not lock somebody out elsewhere. Wrong
# passwords for one account from one address are counted by axes, above.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip"}
AXES_ALLOWED_CORS_ORIGINS = ""
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_RESET_ON_SUCCESS = True

SESSION_COOKIE_AGE = 8 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "handoff_project.portal.views.errors.csrf_failure"

# --- Transport and browser security ----------------------------------------------------------

if not DEMO:
    SECURE_SSL_REDIRECT = True
    # A redirected client loses its events, so what comes to the intake in plain text is taken.
    INTAKE = r"(^|/)v1/(batch|b|identify|track|page|screen|group|alias|[itpsga])/?$"
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", INTAKE]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
    # Whether the subdomains speak TLS is the operator's to know; preloading is beyond undoing.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    if env.bool("TRUST_PROXY_SSL_HEADER", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a definition of 800 rules has 14,000 in the admin
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # bytes; the API's own gate is leads/api/body.py

# --- What asks for attention -------------------------------------------------------------------

# Per cent of the routing decisions that may fall to the catch-all before the health page says so.
CATCH_ALL_PERCENT = env.int("CATCH_ALL_PERCENT", default=10)
if not 0 <= CATCH_ALL_PERCENT <= 100:
    raise ImproperlyConfigured("CATCH_ALL_PERCENT must be from 0 to 100.")

# --- Who is who --------------------------------------------------------------------------------

# Whether ana+news@example.com and ana@example.com are one person from the start. If not, they
# are two leads, and the list of duplicates proposes to merge them.
PLUS_TAGS_ARE_ONE_PERSON = env.bool("PLUS_TAGS_ARE_ONE_PERSON", default=False)

# --- API -------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "leads.api.authentication.SourceTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["leads.api.permissions.Deny"],
    "DEFAULT_PARSER_CLASSES": ["leads.api.body.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "leads.api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "leads.api.document.HandoffSchema",
    "DEFAULT_THROTTLE_CLASSES": ["leads.api.limits.PerSource"],
    "EXCEPTION_HANDLER": "leads.api.problems.problem_details",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Handoff",
    "DESCRIPTION": "Sends leads, companies and touchpoints to Handoff, and reads them.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PUBLIC": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ConsentEnum": "leads.consents.Consent",
        "HandoffKindEnum": "routing.models.Handoff.Kind",
        "OpportunityStateEnum": "routing.models.Opportunity.State",
        "FollowUpKindEnum": "routing.models.FollowUp.Kind",
        "PlannedKindEnum": "routing.models.FollowUp.PLANNED",
        "FollowUpStateEnum": "routing.models.FollowUp.State",
        "ClockKindEnum": "sla.models.ClockKind",
        "TouchpointKindEnum": "leads.models.Touchpoint.Kind",
        "SkipReasonEnum": "routing.models.Skip.Reason",
        "RecyclingReasonEnum": "routing.models.Recycling.Reason",
        "RecyclingAskedEnum": "routing.models.recycling.ASKED",
        "ClockStateEnum": "sla.models.Clock.State",
        "ClockUnitEnum": "sla.models.Clock.UNITS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "leads.api.document.with_problem",
    ],
}

# --- Language, time, files, mail, log --------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "handoff_project.formats"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
# The demo serves files from where they lie; production serves the hashed copies.
WHITENOISE_USE_FINDERS = DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

vars().update(
    env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR}/mail" if DEMO else "consolemail://")
)
EMAIL_TIMEOUT = 10  # seconds that a mail server may take to answer
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Handoff <handoff@localhost>")
# Where answers to mails go that no colleague caused. Empty: to the sender's address.
REPLY_TO = env.str("REPLY_TO", default="")
# Hosts that endpoints may point to although they are inside our own network or speak plain http.
WEBHOOK_HOSTS = env.list("WEBHOOK_HOSTS", default=[])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
