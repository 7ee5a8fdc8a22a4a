"""The pages' tests draw forms as the site does."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _our_forms(settings: Any) -> None:
    settings.FORM_RENDERER = "ksdb.web.forms.FormRenderer"
