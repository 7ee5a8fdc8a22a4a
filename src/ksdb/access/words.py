"""The words for roles and for what proves who somebody is."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.core.scope import Role

ROLE_LABELS: dict[Role, str | Promise] = {
    Role.WARD_OFFICER: _("Ward officer"),
    Role.EPIDEMIOLOGIST: _("Epidemiologist"),
    Role.POINT_OWNER: _("Owner of a scan point"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
}
ROLE_CHOICES = [("", _("Choose a role")), *((role.value, label) for role, label in ROLE_LABELS.items())]

FACTOR_LABELS: dict[str, str | Promise] = {
    "totp": _("authenticator app"),
    "webauthn": _("passkey"),
    "recovery_codes": _("recovery codes"),
}
