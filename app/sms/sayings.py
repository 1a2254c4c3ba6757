"""What a model has said to a customer, in words of ours, English or Spanish: offers, questions and courtesies. What was
done and what is known is said by the tools.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from app.booking.business import Business
from app.inference.output import Decision, Saying
from app.promises.gsm import clean
from app.sms import phrases
from app.sms.state import Offered

CHECK, FIND, KNOWLEDGE = "check_availability", "find_appointments", "answer_question"

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
    Saying.ASK_CANCEL: "¿La cancelo? Responda YES para cancelarla, NO para dejarla.",
    Saying.ASK_CALL: "¿Quiere que alguien le llame?",
    Saying.ASK_ELSE: "¿Algo más?",
}
BY_LANGUAGE: Final = {"en": ENGLISH, "es": SPANISH}
IN_OFFER: Final = frozenset((Saying.ASK_DAY, Saying.ASK_PART, Saying.ASK_TIME))
"""Asked by an offer of times already."""


class Told:
    """What tools told in one turn, for the customer: answers and offers, each once."""

    def __init__(self, business: Business, today: date) -> None:
        self._business = business
        self._today = today
        self._said: dict[str, list[str]] = {KNOWLEDGE: [], FIND: [], CHECK: []}
        self._slots: list[Offered] = []
        self.asked_documents = False

    def add(self, tool: str, result: Mapping[str, Any]) -> None:
        """One look-up. What a tool could not do is told only where it could not later either."""
        say = str(result["say"])
        if tool == KNOWLEDGE:
            self.asked_documents = True
        elif tool == CHECK and result.get("slots"):
            slots = [Offered(slot["slot_id"], slot["start"], slot.get("technician", "")) for slot in result["slots"]]
            known = {(slot.start, slot.who) for slot in self._slots}
            self._slots += [slot for slot in slots if (slot.start, slot.who) not in known]
            self._said[CHECK].clear()
            return
        elif tool == FIND and result.get("appointments"):
            say = f"You have: {say}"
        said = self._said.setdefault(tool, [])
        if tool != KNOWLEDGE:
            said.clear()
        if say not in said and not (tool == CHECK and self._slots):
            said.append(say)

    @property
    def only_documents(self) -> bool:
        """Whether nothing but the documents was asked."""
        return self.asked_documents and not self._slots and not any(self._said[tool] for tool in (CHECK, FIND))

    @property
    def offers(self) -> bool:
        """Whether times are offered."""
        return bool(self._slots)

    def words(self) -> tuple[str, ...]:
        """In the order of documents, own appointments, times."""
        first = sorted(self._slots, key=lambda slot: slot.starts)[: phrases.MAX_LISTED]
        offer = [phrases.offer(self._business, first, self._today)] if first else []
        return (*(say for said in self._said.values() for say in said), *offer)


def in_words(decision: Decision, told: Told, business: Business) -> tuple[str, ...]:
    """Everything that is said in a turn that changes nothing: what tools told, and what the model chose besides."""
    chosen = [saying for saying in dict.fromkeys(decision.say) if not (told.offers and saying in IN_OFFER)]
    own = " ".join(_words(saying, decision.language, business) for saying in chosen)
    return (*told.words(), *([clean(own)] if own else []))


def _words(saying: Saying, language: str, business: Business) -> str:
    if saying is Saying.HELLO:
        return f"Hola, le atiende {phrases.short(business.name)}." if language == "es" else phrases.greeting(business)
    if saying is Saying.ASK_SERVICE:
        services = business.services_said()
        names = phrases.numbered([phrases.short(service.name) for service in services])
        return f"¿Para qué servicio? {names}" if language == "es" else phrases.which_service(services)
    return BY_LANGUAGE[language][saying]
