"""Lan's case at the market of commune A is traced, and her contacts are followed: the neighbour and the stranger."""

import pytest
from tests.tracing.conftest import (  # noqa: F401 - fixtures of the market day
    lans_case,
    market_day,
    neighbour,
    profiles,
    scan,
    stranger,
)

from ksdb.core.scope import system_scope
from ksdb.followup.actions import follow
from ksdb.followup.models import FollowUp
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.models import CaseRecord, Trace


@pytest.fixture
def traced(lans_case: CaseRecord) -> Trace:  # noqa: F811
    return run_trace(system_scope(), lans_case.pk, "overlap-15")


@pytest.fixture
def followed(traced: Trace) -> Trace:
    follow(system_scope(), traced.pk, 14)
    return traced


def of(resident: Resident) -> FollowUp:
    return FollowUp.objects.get(resident=resident, closed_at=None)
