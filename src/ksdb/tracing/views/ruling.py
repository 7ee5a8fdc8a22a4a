"""Pages of rule sets, and two of them compared on a case."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.core.scope import Permission
from ksdb.tracing.actions import ruling
from ksdb.tracing.actions.running import run_version
from ksdb.tracing.forms import words_for
from ksdb.tracing.forms.ruling import CompareForm, NewRulesForm, RulesForm
from ksdb.tracing.queries import case as case_of
from ksdb.tracing.queries import completeness_of
from ksdb.tracing.queries import ruling as queries
from ksdb.tracing.words import incomplete
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE = Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE
RULES = Permission.TRACING_RULES_WRITE


@require_GET
@never_cache
@requires(READ)
def rules(request: ScopedRequest) -> HttpResponse:
    rows = [(row, words_for(row.rules)) for row in queries.rules_in_force(request.scope)]
    context = {"rows": rows, "can_write": queries.may_write_rules(request.scope)}
    return render(request, "tracing/rules.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(RULES)
def rules_new(request: ScopedRequest) -> HttpResponse:
    form = NewRulesForm(request.POST or None)
    if form.is_valid():
        try:
            ruling.add_rules(request.scope, form.cleaned_data["code"], form.rules)
        except ruling.RulesTaken as error:
            form.add_error("code", gettext(error.sentence()))
        else:
            messages.success(request, gettext("The rule set can be used from now on."))
            return redirect("tracing:rules")
    context = {"form": form, "title": gettext("A new rule set"), "cancel_url": reverse("tracing:rules")}
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(RULES)
def rules_edit(request: ScopedRequest, rules_code: str) -> HttpResponse:
    versions = queries.versions_of(request.scope, rules_code)
    form = RulesForm.of(versions[0], request.POST or None)
    if form.is_valid():
        shown = number_in(request.POST.get("version")) or versions[0].version
        try:
            made = ruling.change_rules(request.scope, rules_code, shown, form.rules)
        except ruling.RulesTaken as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            said = gettext("Version %(version)s is in force. Runs made before keep the version they used.")
            messages.success(request, said % {"version": made.version})
            return redirect("tracing:rules")
    context = {"form": form, "versions": [(one, words_for(one)) for one in versions], "latest": versions[0]}
    return render(request, "tracing/rules_edit.html", context, status=422 if form.errors else 200)


@require_POST
@requires(RULES)
def rules_retire(request: ScopedRequest, rules_code: str) -> HttpResponse:
    ruling.retire_rules(request.scope, rules_code)
    messages.success(request, gettext("The rule set is offered no more. A new version brings it back."))
    return redirect("tracing:rules")


@require_http_methods(["GET", "POST"])
@never_cache
@requires(READ)
def compare(request: ScopedRequest, case_id: int) -> HttpResponse:
    """A POST runs both rule sets on the log as it stands; the page then shows those two runs."""
    one = case_of(request.scope, case_id)
    offered = queries.every_version(request.scope)
    form = CompareForm(offered, request.POST or None)
    if request.method == "POST" and request.scope.allows(WRITE) and form.is_valid():
        chosen = {one.pk: one for one in offered}
        both = [chosen[form.cleaned_data[name]] for name in ("first", "second")]
        made = [run_version(request.scope, case_id, rules).pk for rules in both]
        return redirect(f"{reverse('tracing:compare', args=[case_id])}?first={made[0]}&second={made[1]}")
    context = {"case": one, "form": form, "can_run": request.scope.allows(WRITE) and not one.closed_at}
    runs = number_in(request.GET.get("first")), number_in(request.GET.get("second"))
    if runs[0] and runs[1]:
        side = request.GET.get("side", "")
        asked = queries.Side(side) if side in set(queries.Side) else queries.Side.FIRST
        shown = queries.compared(
            request.scope, case_id, (runs[0], runs[1]), asked, number_in(request.GET.get("page")) or 1
        )
        chosen_rules = {"first": shown.first.rule_set_id, "second": shown.second.rule_set_id}
        both_see = min((shown.first, shown.second), key=lambda run: run.first_count)
        context["incomplete"] = incomplete(completeness_of(request.scope, both_see))
        context |= {"shown": shown, "page": shown.page, "as_of": shown.second.ran_at}
        context["form"] = form if form.errors else CompareForm(offered, initial=chosen_rules)
    return render(request, "tracing/compare.html", context, status=422 if form.errors else 200)
