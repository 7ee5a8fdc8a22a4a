"""Every setting says what it is for, in the code and in docs; logs keep quiet about people."""

import os
import subprocess
import sys
from dataclasses import fields

import pytest
from django.conf import settings as django_settings
from tests.house.code import ROOT
from tools import documents

from ksdb.config import SECRET_NAMES, SECRETS, Settings
from ksdb.postgres.server import tuning


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_each_setting_has_help_and_a_line_in_the_document(setting) -> None:  # type: ignore[no-untyped-def]
    assert setting.metadata["help"]
    lines = [line for line in documents.settings_page().splitlines() if f"| `KSDB_{setting.name.upper()}` |" in line]
    assert len(lines) == 1
    assert setting.metadata["help"] in lines[0]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_each_secret_is_listed_with_its_file(name: str) -> None:
    page = documents.settings_page()
    assert f"`KSDB_{name.upper()}`" in page
    assert f"`KSDB_{name.upper()}_FILE`" in page
    assert SECRETS[name] in page


@pytest.mark.parametrize("name", sorted(documents.PAGES))
def test_generated_documents_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == documents.PAGES[name](), "run `make docs`"


def test_the_log_shows_no_statements() -> None:
    """Django's debug log of the database carries parameters, which are names and numbers of people."""
    assert not django_settings.DEBUG
    assert django_settings.LOGGING["root"]["level"] == "WARNING"
    assert not [name for name in django_settings.LOGGING.get("loggers", {}) if name.startswith("django.db")]


def test_the_servers_log_shows_no_parameters() -> None:
    made = tuning(8 << 30)
    assert made["log_parameter_max_length"] == made["log_parameter_max_length_on_error"] == "0"
    assert made["log_min_error_statement"] == "panic"
    assert made["log_error_verbosity"] == "terse"


def test_forms_are_taken_from_behind_a_tls_proxy() -> None:
    """Whoever sends a form says `Origin: https://…`; the proxy hands it on by http."""
    environment = {**os.environ, "KSDB_HAS_TLS": "1", "KSDB_SITE_HOSTS": "the.hue.example, localhost"}
    code = """if True:
        import django
        from django.test import RequestFactory
        django.setup()
        from django.middleware.csrf import CsrfViewMiddleware
        middleware = CsrfViewMiddleware(lambda request: None)
        for origin in ("https://the.hue.example", "https://evil.example", "http://the.hue.example.evil.example"):
            request = RequestFactory().post("/", headers={"Host": "localhost", "Origin": origin})
            print(middleware._origin_verified(request))
    """
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]
