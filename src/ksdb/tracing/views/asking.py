"""An export that is too long for one person: asked for, or said in the form what stands in the way."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from ksdb.approvals.kinds import AlreadyAsked, UnitMissing
from ksdb.web.requires import ScopedRequest


def ask_for(request: ScopedRequest, form: forms.Form, ask: Callable[[], Any]) -> HttpResponse | None:
    """The page of the act that somebody of another unit decides."""
    try:
        act = ask()
    except (AlreadyAsked, UnitMissing) as error:
        form.add_error(None, gettext(error.sentence()))
        return None
    messages.success(request, gettext("You have asked for this. Somebody of another unit decides within 72 hours."))
    return redirect("approvals:act", act.pk)
