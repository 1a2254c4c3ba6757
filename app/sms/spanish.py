"""What a Spanish-speaking customer is asked about a change that a model wants: what they say yes to, they can read.

In GSM-7, with every date in full. What was done is said by the tools, in their own words.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from app.booking.business import Business
from app.sms import phrases
from app.sms.state import Booked, State, Step

LANGUAGE: Final = "es"
SORRY: Final = "Lo siento, no le he entendido."
YOUR_NAME: Final = "¿Cuál es su nombre completo?"
THIS_FIRST: Final = "Una cosa tras otra, así que primero esto:"
NO_APPOINTMENT: Final = (
    "No encuentro ninguna cita próxima con este número. Escriba PERSONA si la reservó con otro número y le llamamos."
)
_DAYS: Final = ("lun", "mar", "mié", "jue", "vie", "sáb", "dom")
_MONTHS: Final = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


_SPANISH: Final = re.compile(
    r"[ñáéíóú¿¡]|\b(?:hola|quiero|necesito|puedo|gracias|por|para|una?|el|la|los|las|mi|cita|si|cuando|cuanto|hay|"
    r"buen[oa]s|cancelar|cambiar|reservar|lunes|martes|miercoles|jueves|viernes|manana|tarde)\b",
    re.I,
)
_ENGLISH: Final = re.compile(
    r"\b(?:the|my|your|you|please|is|are|it|can|can't|could|do|don't|does|would|i|i'm|we|what|when|where|which|how|"
    r"thanks|thank|hello|yes|for|on|and|want|need)\b",
    re.I,
)


def language(by_model: str, said: str) -> str:
    """The customer's language. A model is not believed that plain English, as all they `said`, is Spanish."""
    english = _ENGLISH.search(said) and not _SPANISH.search(said)
    return "" if by_model == LANGUAGE and english else by_model


def question(business: Business, state: State, today: date) -> str:
    """What is asked in this step; empty where it is asked in English only."""
    if state.step is Step.NAME:
        return YOUR_NAME
    if state.step is Step.WHICH:
        return _which(business, state.appointments, today)
    if state.step is Step.CONFIRM_CANCEL and state.appointment is not None:
        visit = state.appointment
        what = _visit(business, visit.service, visit.who, visit.starts, today)
        return f"¿Cancelo {what}? Responda SI para cancelarla, NO para dejarla."
    if state.step is Step.CONFIRM and state.slot is not None:
        what = _visit(business, state.service, state.slot.who, state.slot.starts, today)
        if state.appointment is not None:
            old = moment(state.appointment.starts, today)
            return f"¿Cambio su visita del {old} a: {what}? Responda SI para cambiarla, NO para dejarla."
        name = f", para {phrases.short(state.name)}" if phrases.whom(state.name) else ""
        stays = f" Su visita del {moment(state.stays.starts, today)} sigue en pie." if state.stays else ""
        return f"{what}{name}.{stays} Responda SI para reservarla, o escriba otra hora."
    return ""


def moment(when: datetime, today: date) -> str:
    """`mar 24 nov a las 9:00 AM`, with the year when it is another one."""
    year = "" if when.year == today.year else f" {when.year}"
    at = "a la" if when.hour % 12 == 1 else "a las"
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]}{year} {at} {phrases.clock(when)}"


def _which(business: Business, found: Sequence[Booked], today: date) -> str:
    named = [(each, business.service(each.service)) for each in found]
    choices = [
        f"{moment(each.starts, today)} {phrases.short(service.name) if service else ''}" for each, service in named
    ]
    return f"¿Cuál? {phrases.numbered(choices)}. Responda con el número."


def _visit(business: Business, service: str, who: str, start: datetime, today: date) -> str:
    """`Home inspection con Dana, mar 24 nov a las 9:00 AM`."""
    found, technician = business.service(service), business.technician(who)
    whom = f" con {phrases.short(technician.name)}" if technician else ""
    return f"{phrases.short(found.name if found else service)}{whom}, {moment(start, today)}"
