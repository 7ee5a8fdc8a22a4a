"""What the pages call statuses, reasons, symptoms, outcomes and lines of the history."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.followup.states import Basis, EventKind, Outcome, Reason, Status, Symptom

STATUS_LABELS: Mapping[Status, Promise] = {
    Status.TO_CALL: _("To call"),
    Status.REACHED: _("Reached"),
    Status.AT_HOME: _("Quarantined at home"),
    Status.AT_CENTRE: _("Quarantined at a centre"),
    Status.REFUSED: _("Refuses"),
    Status.NOT_FOUND: _("Not found"),
    Status.CLOSED: _("Closed"),
}
STATUS_KINDS = {
    Status.TO_CALL: "warning",
    Status.REACHED: "info",
    Status.AT_HOME: "good",
    Status.AT_CENTRE: "good",
    Status.REFUSED: "bad",
    Status.NOT_FOUND: "bad",
    Status.CLOSED: "neutral",
}
REASON_LABELS: Mapping[Reason, Promise] = {
    Reason.SPOKE: _("Spoke on the phone"),
    Reason.VISITED: _("Spoke at the door"),
    Reason.NO_ANSWER: _("No answer"),
    Reason.WRONG_NUMBER: _("The number is wrong"),
    Reason.NO_PHONE: _("No phone, nobody at home"),
    Reason.AWAY: _("Staying elsewhere for some time"),
    Reason.MOVED: _("Moved away for good"),
    Reason.POSITIVE: _("Tested positive"),
    Reason.FINISHED: _("The days are over, without symptoms"),
    Reason.NO_LONGER: _("Is no contact after all"),
    Reason.DIED: _("Has died"),
    Reason.OTHER: _("Something else: say it in the remark"),
}
SYMPTOM_LABELS: Mapping[Symptom, Promise] = {
    Symptom.FEVER: _("Fever"),
    Symptom.COUGH: _("Cough"),
    Symptom.SORE_THROAT: _("Sore throat"),
    Symptom.BREATHLESS: _("Short of breath"),
    Symptom.TIRED: _("Tired, aching"),
    Symptom.LOSS_OF_SMELL: _("Loss of smell or taste"),
    Symptom.DIARRHOEA: _("Diarrhoea"),
    Symptom.OTHER: _("Other symptoms"),
}
OUTCOME_LABELS: Mapping[Outcome, Promise] = {
    Outcome.FINISHED: _("Finished without symptoms"),
    Outcome.BECAME_CASE: _("Became a case"),
    Outcome.JOINED: _("Joined with another follow-up of the same person"),
    Outcome.ENDED: _("Ended early"),
}
EVENT_LABELS: Mapping[EventKind, Promise] = {
    EventKind.OPENED: _("Put on the list"),
    EventKind.CALL: _("Call or visit"),
    EventKind.ASSIGNED: _("Assigned"),
    EventKind.EXPOSED_AGAIN: _("The last exposure changed"),
    EventKind.NO_LONGER: _("No longer a contact"),
    EventKind.AGAIN: _("A contact again"),
    EventKind.CLOSED: _("Closed"),
    EventKind.REOPENED: _("Opened again"),
}
BASIS_LABELS: Mapping[Basis, Promise] = {
    Basis.CONTACT: _("was a contact"),
    Basis.BY_HAND: _("linked by hand"),
}


def symptom_words(symptoms: str) -> list[str]:
    """The stored words of an entry as a person reads them, one that the list no longer has as it stands."""
    return [str(SYMPTOM_LABELS[Symptom(one)]) if one in set(Symptom) else one for one in symptoms.split()]
