"""Forms of rule sets and of their comparison."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ksdb.places.models import ScanPointType
from ksdb.tracing.actions.ruling import Rules
from ksdb.tracing.forms import words_for
from ksdb.tracing.models import RuleSet

STAYS, SCANS = "stays", "scans"
MOST_MINUTES = 24 * 60


def _minutes(label: Any, help_text: Any, most: int) -> forms.IntegerField:
    small = forms.NumberInput(attrs={"class": "govuk-input--width-5", "inputmode": "numeric"})
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=0, max_value=most, required=False, widget=small
    )


class MinutesByType(forms.Widget):
    """A row of each type of scan point with its minutes, folded up where none has its own."""

    template_name = "tracing/minutes_by_type.html"
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        said, is_vietnamese = value or {}, (get_language() or "vi").startswith("vi")
        rows = [
            (f"at_{kind.code}", kind.name_vi if is_vietnamese else kind.name_en, said.get(kind.code))
            for kind in ScanPointType.objects.order_by("code")
        ]
        return {**super().get_context(name, value, attrs), "rows": rows, "most": MOST_MINUTES, "is_open": bool(said)}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:  # noqa: ARG002 - Django's own
        given = {key.removeprefix("at_"): str(data[key]).strip() for key in data if key.startswith("at_")}
        return {code: minutes for code, minutes in given.items() if minutes}


class MinutesByTypeField(forms.Field):
    """`{"market": 5}`: whole minutes up to a day, at types that exist."""

    widget = MinutesByType

    def clean(self, value: Any) -> dict[str, int]:
        known = set(ScanPointType.objects.values_list("code", flat=True))
        for code, minutes in (value or {}).items():
            if code not in known or not (str(minutes).isdecimal() and int(minutes) <= MOST_MINUTES):
                raise forms.ValidationError(_("Give whole minutes, a day at most."))
        return {code: int(minutes) for code, minutes in (value or {}).items()}


class RulesForm(forms.Form):
    """What a version of a rule set says, each field in words and with its unit."""

    name = forms.CharField(
        label=_("Name as people read it"), help_text=_("For example: 15 minutes or longer together"), max_length=80
    )
    kind = forms.ChoiceField(
        label=_("What counts as exposed"),
        widget=forms.RadioSelect,
        initial=STAYS,
        choices=[
            (STAYS, _("Together at one place for some minutes, by the stays")),
            (SCANS, _("Both scanned at one place within some minutes, however long they stayed")),
        ],
    )
    least_minutes = _minutes(_("Least time together, in minutes"), _("0: any moment counts. Used with stays."), 24 * 60)
    linger_minutes = _minutes(
        _("The air stays infectious, in minutes"), _("After the case has left. Usually 0. Used with stays."), 12 * 60
    )
    window_minutes = _minutes(
        _("Scanned less than so many minutes apart"), _("Used with scans. For example: 60"), 12 * 60
    )
    latent_days = _minutes(
        _("Contacts pass it on after, in days"),
        _("For the second generation only: from so many days after the first exposure. 0: at once"),
        30,
    )
    by_type = MinutesByTypeField(
        label=_("Other minutes at some types of places"),
        help_text=_("Instead of the minutes above. Empty: as everywhere."),
        required=False,
    )
    note = forms.CharField(
        label=_("Why, and by which document"), min_length=10, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    @classmethod
    def of(cls, rules: RuleSet, data: Any = None) -> "RulesForm":
        """The form with what the version says."""
        said = {
            name: getattr(rules, name) for name in ("least_minutes", "linger_minutes", "window_minutes", "latent_days")
        }
        kind = SCANS if rules.window_minutes else STAYS
        return cls(data, initial={**said, "by_type": rules.by_type, "name": words_for(rules), "kind": kind})

    @property
    def rules(self) -> Rules:
        said = self.cleaned_data
        goes_by_scans = said["kind"] == SCANS
        return Rules(
            name=said["name"],
            least_minutes=0 if goes_by_scans else said["least_minutes"] or 0,
            linger_minutes=0 if goes_by_scans else said["linger_minutes"] or 0,
            latent_days=said["latent_days"] or 0,
            window_minutes=said["window_minutes"] if goes_by_scans else None,
            note=said["note"],
            by_type=said["by_type"],
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("kind") == SCANS and not said.get("window_minutes"):
            self.add_error("window_minutes", _("Say how many minutes apart, at least 1."))
        if said.get("kind") == SCANS and 0 in said.get("by_type", {}).values():
            self.add_error("by_type", _("Say how many minutes apart, at least 1."))
        if said.get("kind") == STAYS and said.get("least_minutes") is None and "least_minutes" not in self.errors:
            self.add_error("least_minutes", _("Say how many minutes; 0 if any moment counts."))
        return said


class NewRulesForm(RulesForm):
    """The same for a rule set that is new."""

    code = forms.CharField(
        label=_("Short name"),
        help_text=_("Lower case letters, digits and hyphens; it stays for ever. For example: overlap-30"),
        max_length=30,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", _("Only lower case letters, digits and hyphens."))],
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20", "autocomplete": "off"}),
    )
    field_order = ("code",)


class CompareForm(forms.Form):
    """Which two rule sets to run on the case."""

    first = forms.TypedChoiceField(label=_("One rule set"), coerce=int)
    second = forms.TypedChoiceField(label=_("The other"), coerce=int)

    def __init__(self, rule_sets: Sequence[RuleSet], data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        for name in ("first", "second"):
            self.fields[name].choices = [(rules.pk, f"{rules}: {words_for(rules)}") for rules in rule_sets]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and said.get("first") == said.get("second"):
            self.add_error("second", _("Choose two different rule sets."))
        return said
