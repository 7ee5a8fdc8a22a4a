"""Django's settings, drawn from `ksdb.config`."""

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from ksdb.config import settings as ksdb_settings

_ours = ksdb_settings()

SECRET_KEY = _ours.secret("secret_key").hex()
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in _ours.site_hosts.split(",")]
ROOT_URLCONF = "ksdb.site.urls"
WSGI_APPLICATION = "ksdb.site.wsgi.application"
AUTH_USER_MODEL = "access.StaffAccount"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "access:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "access:sign_in"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "procrastinate.contrib.django",
    "ksdb.web",
    "ksdb.audit",
    "ksdb.places",
    "ksdb.access",
    "ksdb.sms",
    "ksdb.approvals",
    "ksdb.registry",
    "ksdb.cards",
    "ksdb.duplicates",
    "ksdb.outreach",
    "ksdb.visits",
    "ksdb.enrolment",
    "ksdb.notices",
    "ksdb.coverage",
    "ksdb.tracing",
    "ksdb.wallet",
    "ksdb.followup",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "ksdb.web.proxies.ProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ksdb.web.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ksdb.web.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ksdb.web.middleware.RequestSizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ksdb.access.middleware.SessionLifeMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ksdb.access.middleware.ScopeMiddleware",
    "ksdb.web.middleware.KsdbErrorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ksdb.web.context.navigation",
            ]
        },
    }
]
FORM_RENDERER = "ksdb.web.forms.FormRenderer"


def database(url: str) -> dict[str, object]:
    """Django's words for the address of a database."""
    parts = conninfo_to_dict(url) if url else {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "ksdb"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(_ours.site_url)}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "unit")},
    },
]
# Scrypt asks for memory as well as time, which a machine that guesses by the million has little of; no library needed.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

ACCOUNT_ADAPTER = "ksdb.access.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False  # the cookie goes with the browser; the server ends the session before
ACCOUNT_RATE_LIMITS = False  # counted by ksdb.access, in the database, for all processes
ACCOUNT_FORMS = {
    "login": "ksdb.access.forms.SignInForm",
    "change_password": "ksdb.access.forms.PasswordForm",
    "reauthenticate": "ksdb.access.forms.ConfirmForm",
}
MFA_ADAPTER = "ksdb.access.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "ksdb"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody has an address here
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "ksdb.access.forms.CodeForm",
    "reauthenticate": "ksdb.access.forms.ConfirmCodeForm",
    "authenticate_webauthn": "ksdb.access.forms.PasskeyForm",
    "reauthenticate_webauthn": "ksdb.access.forms.ConfirmPasskeyForm",
    "activate_totp": "ksdb.access.forms.SetUpAppForm",
    "add_webauthn": "ksdb.access.forms.AddPasskeyForm",
}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_IMPORT_PATHS = ["ksdb.site.jobs"]
# Nobody tells a worker that the job of the same lock before has ended: a code waited up to five seconds for it.
PROCRASTINATE_WORKER_DEFAULTS = {"fetch_job_polling_interval": 0.5}

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = _ours.var_dir / "static"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
SESSION_COOKIE_AGE = _ours.session_hours * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _ours.has_tls
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
if _ours.has_tls:
    # A name that browsers take only from this very host over https: a neighbouring host cannot plant one.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
# TLS ends at a proxy, so that to Django a form from https seems to come from elsewhere.
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if _ours.has_tls else []
SECURE_HSTS_SECONDS = 31536000 if _ours.has_tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _ours.has_tls
# Only a listed proxy can say that a request came by https (ksdb.web.proxies): without one we cannot tell, and do not
# redirect. The door's own health is asked from this machine.
SECURE_SSL_REDIRECT = _ours.has_tls and bool(_ours.proxies)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_SSL_REDIRECT else None
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # who owns the domain decides whether browsers carry it in their lists

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "ksdb.web.logs.QuietFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "quiet"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
