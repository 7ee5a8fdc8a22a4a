"""The nightly care of what signing in leaves behind."""

from django.core.management import call_command
from procrastinate.contrib.django import app

from ksdb.access.actions import forget_attempts
from ksdb.core.scope import system_scope


@app.periodic(cron="20 17 * * *")
@app.task(queue="access", pass_context=False)
def forget(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Attempts that count no longer and sessions that ended are dropped. `timestamp`: when it was due."""
    forget_attempts(system_scope())
    call_command("clearsessions", verbosity=0)
