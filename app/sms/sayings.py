"""What a model has said to a customer, in words of ours, English or Spanish: offers, questions and courtesies. What was
done and what is known is said by the tools.
"""

from collections.abc import Mapping
from typing import Final

from app.booking.business import Business
from app.inference.output import Decision, Saying
from app.promises.gsm import clean
from app.sms import phrases
from app.sms.told import Told

ENGLISH: Final[Mapping[Saying, str]] = {
    Saying.WELCOME: phrases.WELCOME,
    Saying.SORRY: "Sorry about that.",
    Saying.CAN_DO: phrases.HOW,
    Saying.NOT_HERE: (
        "Sorry, that is nothing I can help with here. I can look up times, book, move or cancel a visit, answer "
        "questions about our services, or have someone call you."
    ),
    Saying.NOT_UNDERSTOOD: phrases.SORRY,
    Saying.ASK_DAY: "Which day suits you?",
    Saying.ASK_PART: "Would you prefer the morning or the afternoon?",
    Saying.ASK_TIME: "Which of the times suits you?",
    Saying.ASK_NAME: phrases.YOUR_NAME,
    Saying.ASK_ADDRESS: "What is the address?",
    Saying.ASK_APPOINTMENT: "Which appointment do you mean?",
    Saying.ASK_CANCEL: "Shall I cancel it? Reply YES to cancel it, NO to keep it.",
    Saying.ASK_CALL: "Would you like someone to call you back?",
    Saying.ASK_ELSE: "Is there anything else?",
}
SPANISH: Final[Mapping[Saying, str]] = {
    Saying.WELCOME: "De nada.",
    Saying.SORRY: "Disculpe las molestias.",
    Saying.CAN_DO: "Por mensaje puedo buscar horarios y reservar, cambiar o cancelar una visita.",
    Saying.NOT_HERE: "Lo siento, con eso no puedo ayudar aquí. Puedo buscar horarios, reservar, cambiar o cancelar una "
    "visita, o pedir que alguien le llame.",
    Saying.NOT_UNDERSTOOD: "Lo siento, no le he entendido.",
    Saying.ASK_DAY: "¿Qué día le conviene?",
    Saying.ASK_PART: "¿Prefiere por la mañana o por la tarde?",
    Saying.ASK_TIME: "¿Qué horario le conviene?",
    Saying.ASK_NAME: "¿Cuál es su nombre completo?",
    Saying.ASK_ADDRESS: "¿Cuál es la dirección?",
    Saying.ASK_APPOINTMENT: "¿A qué cita se refiere?",
    Saying.ASK_CANCEL: "¿La cancelo? Responda SI para cancelarla, NO para dejarla.",
    Saying.ASK_CALL: "¿Quiere que alguien le llame?",
    Saying.ASK_ELSE: "¿Algo más?",
}
BY_LANGUAGE: Final = {"en": ENGLISH, "es": SPANISH}
LEADS: Final = frozenset((Saying.HELLO, Saying.WELCOME, Saying.SORRY, Saying.NOT_UNDERSTOOD, Saying.NOT_HERE))
"""Said before what tools told; the others after it."""
IN_OFFER: Final = frozenset((Saying.ASK_DAY, Saying.ASK_PART, Saying.ASK_TIME))
"""Asked by an offer of times already."""


def in_words(decision: Decision, told: Told, offered: bool) -> tuple[str, ...]:
    """Everything that is said in a turn that changes nothing: what tools told, and what the model chose besides.

    `offered`: whether times were offered before that can still be chosen.
    """
    chosen = dict.fromkeys(_possible(saying, told, offered) for saying in decision.say)
    before = [saying for saying in chosen if saying in LEADS]
    after = [saying for saying in chosen if saying not in LEADS and not (told.shown() and saying in IN_OFFER)]
    spoken = [
        " ".join(in_one_language(saying, decision.language, told.business) for saying in some)
        for some in (before, after)
    ]
    return tuple(filter(None, (clean(spoken[0]), *told.words(), clean(spoken[1]))))


def _possible(saying: Saying, told: Told, offered: bool) -> Saying:
    """Nothing is asked of which there is not one to choose."""
    if saying is Saying.ASK_TIME and not (offered or told.shown()):
        return Saying.ASK_DAY
    if saying is Saying.ASK_CANCEL and told.own != 1:
        return Saying.ASK_APPOINTMENT
    return saying


def in_one_language(saying: Saying, language: str, business: Business) -> str:
    if saying is Saying.HELLO:
        return f"Hola, le atiende {phrases.short(business.name)}." if language == "es" else phrases.greeting(business)
    if saying is Saying.ASK_SERVICE:
        services = business.services_said()
        names = phrases.numbered([phrases.short(service.name) for service in services])
        return f"¿Para qué servicio? {names}" if language == "es" else phrases.which_service(services)
    return BY_LANGUAGE[language][saying]
