"""What the doctor examines: one check for each integration, harmless, within a deadline, with a remedy."""

from app.main.doctor.answers import answers_check
from app.main.doctor.calendars import calendar_checks
from app.main.doctor.examination import Check, Finding, Patient, State, examined
from app.main.doctor.inside import inside_checks
from app.main.doctor.neighbours import neighbour_checks
from app.main.doctor.webhooks import webhook_checks

__all__ = ["Check", "Finding", "Patient", "State", "answers_check", "checks", "examined"]


def checks(patient: Patient) -> list[Check]:
    """Everything there is to examine, in the order in which it is told."""
    return [
        *inside_checks(patient),
        *neighbour_checks(patient),
        *webhook_checks(patient),
        *calendar_checks(patient),
    ]
