"""The page on which an epidemiologist has the contacts of a trace told."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ksdb.core.clock import today
from ksdb.core.scope import Permission
from ksdb.notices.kinds import Kind
from ksdb.notices.words import words_of
from ksdb.tracing.actions.notifying import tell_contacts, telling_of
from ksdb.web.requires import ScopedRequest, requires


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.TRACING_CASE_WRITE)
def tell(request: ScopedRequest, trace_id: int) -> HttpResponse:
    if request.method == "POST":
        told = tell_contacts(request.scope, trace_id)
        said = ngettext("%(count)s contact is being told.", "%(count)s contacts are being told.", told)
        messages.success(request, said % {"count": told} if told else gettext("All of them had been told before."))
        return redirect("tracing:tell", trace_id)
    facts = {"on": today().isoformat()}
    samples = [(code, words_of(Kind.EXPOSURE, facts, place, code).message) for code, place in _PLACES]
    context = {"telling": telling_of(request.scope, trace_id), "samples": samples}
    return render(request, "tracing/tell.html", context)


_PLACES = (("vi", "Chợ"), ("en", "Market"))
