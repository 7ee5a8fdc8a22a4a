"""Every setting of ksdb, typed, read once from the environment (`KSDB_*`); secrets also from `KSDB_*_FILE`.

A secret that is named nowhere is taken from `<var>/secrets/<name>`, where `make_secrets` puts a fresh one for a
machine that is not in production.
"""

import os
import secrets
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path

SECRETS = {
    "secret_key": "signs sessions; a new one signs everybody out, and nothing more is lost",
    "seal_key": "opens sealed ID numbers and phone numbers; lost, they are lost. Newer ones: `seal_key_2` and so on",
    "audit_key": "proves that the audit trail is whole; lost, the trail so far can no longer be proved",
    "foreign_key": "hashes the numbers in other systems' codes; every device has it. Newer: `foreign_key_2` and so on",
    "push_key": "signs what goes to browsers' push services; a new one, and each phone must allow notices again",
    "match_key": "finds people by ID number and phone number; lost, nobody is found by them any more",
}
SECRET_NAMES = tuple(SECRETS)
MOST_SEAL_KEYS = 255
"""A sealed value says in one byte which key sealed it."""


class SettingMissing(Exception):
    """A setting that ksdb cannot do without is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"KSDB_{name.upper()} is not set: run `ksdb init`, or set it or KSDB_{name.upper()}_FILE")


@dataclass(frozen=True)
class Settings:
    """Where ksdb runs and by which rules; each field is `KSDB_<NAME>` in the environment (`docs/settings.md`)."""

    database_url: str = field(
        default="", metadata={"help": "PostgreSQL 16 or newer, as the owner of the tables; empty: the embedded server"}
    )
    site_database_url: str = field(
        default="", metadata={"help": "the same database as `ksdb_site`, for pages and jobs; empty: as the owner"}
    )
    gateway_database_url: str = field(
        default="", metadata={"help": "the same database as `ksdb_gateway`, for the gateway; empty: as the owner"}
    )
    var_dir: Path = field(default=Path("var"), metadata={"help": "data, keys, imports and prints of this machine"})
    site_address: str = field(default="127.0.0.1:8000", metadata={"help": "host:port of the pages"})
    site_workers: int = field(default=2, metadata={"help": "site processes on this machine, of four threads each"})
    gateway_address: str = field(default="127.0.0.1:8001", metadata={"help": "host:port of the door for devices"})
    metrics_token: str = field(
        default="", metadata={"help": "bearer token for the gateway's `/metrics`; empty: nobody may read it"}
    )
    device_requests_per_second: int = field(default=20, metadata={"help": "requests one device may send, on average"})
    device_requests_at_once: int = field(default=200, metadata={"help": "requests one device may send in a burst"})
    database_patience_seconds: int = field(
        default=10,
        metadata={"help": "so long the gateway waits for a database that says nothing, then devices keep scans"},
    )
    point_seconds: int = field(
        default=30, metadata={"help": "so long the gateway tells devices the settings of a point as it read them"}
    )
    request_seconds: int = field(
        default=10, metadata={"help": "so long a device may take to send a request's heading, and again its body"}
    )
    gateway_connections: int = field(
        default=20_000, metadata={"help": "connections one gateway process holds; whoever comes then hears 503"}
    )
    gateway_workers: int = field(default=1, metadata={"help": "gateway processes on this machine"})
    scanner_url: str = field(
        default="",
        metadata={"help": "`https:` address of the scanner, as devices open it; empty: of this machine's gateway"},
    )
    site_hosts: str = field(default="localhost,127.0.0.1", metadata={"help": "host names the pages answer to"})
    has_tls: bool = field(default=False, metadata={"help": "pages are reached by https: secure cookies and HSTS"})
    proxies: str = field(
        default="",
        metadata={
            "help": "addresses or networks, with commas, of the proxies before the pages; only they are believed"
        },
    )
    security_contact: str = field(
        default="", metadata={"help": "`mailto:` or `https:` address for reports of weaknesses, in security.txt"}
    )
    is_demo: bool = field(default=False, metadata={"help": "demo town: sign-in names are shown, data is invented"})
    second_factor: bool = field(
        default=True, metadata={"help": "roles that read persons sign in with a second factor; 0 only in the demo town"}
    )
    session_idle_minutes: int = field(default=30, metadata={"help": "without a click for so long, one is signed out"})
    session_hours: int = field(default=8, metadata={"help": "after so long one signs in again, whatever one does"})
    sms_an_hour: int = field(
        default=5_000, metadata={"help": "codes sent to phones in an hour, all together; a flood of them costs no more"}
    )
    sms_an_address: int = field(
        default=20,
        metadata={
            "help": "of them to one address or IPv6 network; raise it where many register behind one, as in a hall"
        },
    )
    holder_idle_days: int = field(
        default=45, metadata={"help": "days without a look at it, after which a resident's phone is signed out"}
    )
    holder_days: int = field(
        default=180, metadata={"help": "days after which a resident proves the phone's number again"}
    )
    retention_days: int = field(default=28, metadata={"help": "days a visit is kept"})
    person_searches_a_minute: int = field(
        default=60, metadata={"help": "how often one account may search for people in a minute"}
    )
    person_searches_an_hour: int = field(default=600, metadata={"help": "and in an hour"})
    persons_a_day: int = field(
        default=3000, metadata={"help": "how many people one account may look up in a day; lists of work do not count"}
    )
    file_days: int = field(
        default=30, metadata={"help": "days an uploaded list, a correction file or a printed sheet is kept"}
    )
    future_tolerance_seconds: int = field(default=300, metadata={"help": "how far a device clock may be ahead"})
    hc1_anchors: str = field(
        default="",
        metadata={"help": "folder with the certificates of those whose health certificates are believed; empty: none"},
    )
    print_cost_paper: int = field(default=1500, metadata={"help": "đồng that printing a paper card costs its budget"})
    print_cost_plastic: int = field(
        default=12_000, metadata={"help": "đồng that making a plastic card costs its budget"}
    )
    sms_carrier: str = field(
        default="", metadata={"help": "who carries messages to phones: `smpp` or `http`; empty: nobody"}
    )
    sms_sender: str = field(
        default="KSDB", metadata={"help": "the sender that phones show, as agreed with the carrier"}
    )
    sms_cost: int = field(default=800, metadata={"help": "đồng that one part of a message costs"})
    sms_smpp_address: str = field(default="127.0.0.1:2775", metadata={"help": "host:port of the SMPP message centre"})
    sms_smpp_name: str = field(default="", metadata={"help": "the name to sign in there with (system_id)"})
    sms_smpp_password: str = field(default="", metadata={"help": "and its password, of at most 8 letters"})
    sms_smpp_tls: bool = field(default=True, metadata={"help": "the message centre is reached by TLS"})
    sms_http_url: str = field(default="", metadata={"help": "address that a provider takes a message at, by POST"})
    sms_http_headers: str = field(default="", metadata={"help": "headers of that request as a JSON object"})
    sms_http_fields: str = field(
        default='{"to": "{phone}", "text": "{body}"}',
        metadata={"help": "its fields as a JSON object; `{phone}`, `{body}` and `{sender}` are filled in"},
    )
    sms_http_form: bool = field(default=False, metadata={"help": "the fields go as a form; 0: as JSON"})
    sms_http_at_once: int = field(default=8, metadata={"help": "messages handed to the provider at the same time"})
    sms_http_reference: str = field(
        default="id", metadata={"help": "where the number of the message lies in the answer, as `data.0.id`"}
    )
    sms_receipt_secret: str = field(
        default="",
        metadata={"help": "bearer token with which the provider tells `/messages/receipts/` what became of it"},
    )
    sms_receipt_reference: str = field(default="id", metadata={"help": "where that call has the message's number"})
    sms_receipt_state: str = field(default="status", metadata={"help": "and where its state"})
    sms_receipt_delivered: str = field(default="DELIVRD,delivered", metadata={"help": "states that mean: it arrived"})
    sms_receipt_failed: str = field(
        default="UNDELIV,EXPIRED,REJECTD,DELETED,failed,rejected,expired",
        metadata={"help": "states that mean: it never will"},
    )
    notices_per_minute: int = field(default=300, metadata={"help": "messages to residents that may go out in a minute"})
    push_hosts: str = field(
        default="fcm.googleapis.com,updates.push.services.mozilla.com,web.push.apple.com,notify.windows.com",
        metadata={"help": "push services of browsers that notices may go to, with all hosts below them"},
    )
    hotline: str = field(default="19001075", metadata={"help": "number printed on cards and shown on pages"})

    @property
    def site_url(self) -> str:
        """Where pages and jobs find the database, and as whom."""
        return self.site_database_url or self.database_url

    @property
    def gateway_url(self) -> str:
        """Where the gateway finds the database, and as whom."""
        return self.gateway_database_url or self.database_url

    @property
    def scanner_address(self) -> str:
        """Where a device opens the scanner."""
        return self.scanner_url or f"http://{self.gateway_address}/scanner/"

    @property
    def guides_address(self) -> str:
        """Where whoever scans finds the guides: on the pages, by the first of their host names."""
        door = f"https://{self.site_hosts.partition(',')[0]}" if self.has_tls else f"http://{self.site_address}"
        return f"{door}/guides/"

    @property
    def keys_dir(self) -> Path:
        return self.var_dir / "keys"

    @property
    def asks_second_factor(self) -> bool:
        """Switched off it is only where all data is invented."""
        return self.second_factor or not self.is_demo

    def secret(self, name: str) -> bytes:
        """The secret's bytes, from the environment, a file named there, or `<var>/secrets`."""
        found = self._secret(name)
        if found is None:
            raise SettingMissing(name)
        return found

    def _secret(self, name: str) -> bytes | None:
        if text := os.environ.get(f"KSDB_{name.upper()}"):
            return bytes.fromhex(text)
        path = Path(os.environ.get(f"KSDB_{name.upper()}_FILE", self.var_dir / "secrets" / name))
        return bytes.fromhex(path.read_text().strip()) if path.exists() else None

    def _versions(self, names: dict[int, str]) -> dict[int, bytes]:
        """Those of these secrets that are here, found at one look: hundreds are not asked for one by one."""
        folder = self.var_dir / "secrets"
        here = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        given = (name.removeprefix("KSDB_") for name in os.environ if name.startswith("KSDB_"))
        here |= {name.removesuffix("_FILE").lower() for name in given}
        found = {version: self._secret(name) for version, name in names.items() if name in here}
        return {version: key for version, key in found.items() if key is not None}

    def foreign_key(self) -> tuple[int, bytes] | None:
        """The newest key for other systems' codes and its version; None where this machine has none."""
        found = self.foreign_keys()
        return max(found.items()) if found else None

    def foreign_keys(self) -> dict[int, bytes]:
        """All of them by version: a device that was offline hashes with the one before."""
        later = {version: f"foreign_key_{version}" for version in range(2, MOST_SEAL_KEYS + 1)}
        return self._versions({1: "foreign_key", **later})

    def root_point(self) -> bytes | None:
        """The root that this machine has pinned (`ksdb keys anchor`), as a point; None where there is none."""
        path = self.keys_dir / "root.pub"
        return bytes.fromhex(path.read_text().strip()) if path.exists() else None

    def seal_keys(self) -> dict[int, bytes]:
        """The keys for sealing by version: 1 is the secret `seal_key`, 2 is `seal_key_2`. One that is gone is left out.

        Raises SettingMissing when there is none at all.
        """
        found = self._versions({version: seal_key_name(version) for version in range(1, MOST_SEAL_KEYS + 1)})
        if not found:
            raise SettingMissing("seal_key")
        return found


def _typed(text: str, default: object) -> object:
    match default:
        case bool():
            return text.strip().lower() in {"1", "true", "yes", "on"}
        case int():
            return int(text)
        case Path():
            return Path(text)
    return text


def read_settings() -> Settings:
    """Settings as the environment has them now."""
    given = {
        f.name: _typed(os.environ[f"KSDB_{f.name.upper()}"], f.default)
        for f in fields(Settings)
        if f"KSDB_{f.name.upper()}" in os.environ
    }
    return Settings(**given)  # type: ignore[arg-type]


def environment_of(ours: Settings) -> dict[str, str]:
    """The environment in which a child process reads these same settings."""
    return {f"KSDB_{f.name.upper()}": str(getattr(ours, f.name)) for f in fields(Settings)}


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read_settings()


def seal_key_name(version: int) -> str:
    """The name of the secret that seals with this version."""
    return "seal_key" if version == 1 else f"seal_key_{version}"


def secrets_missing(ours: Settings) -> list[str]:
    """The names of the secrets that are nowhere; a later seal key stands for the first, which may be destroyed."""

    def is_there(name: str) -> bool:
        try:
            return bool(ours.seal_keys() if name == "seal_key" else ours.secret(name))
        except SettingMissing:
            return False

    return [name for name in SECRET_NAMES if not is_there(name)]


def make_secrets(var_dir: Path) -> None:
    """Writes a fresh secret for each name that has none yet, readable by this user only."""
    folder = var_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in SECRET_NAMES:
        # After a rotation the first key may have been destroyed: it must not come back as another one.
        if not (name == "seal_key" and any(folder.glob("seal_key_*"))):
            make_secret(folder / name)


def make_secret(path: Path) -> bool:
    """Writes a fresh secret there, readable by this user only, unless there is one; says whether it did."""
    if path.exists():
        return False
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    return True
