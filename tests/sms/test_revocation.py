"""No more texts, in a customer's own words: found however it is put, and not where a visit is meant."""

import pytest

from app.sms.keywords import Meaning, meaning
from app.sms.revocation import means_more

NO_MORE = [
    # what a verb ends
    "please stop texting me", "STOP TEXTING ME!!!", "Stop sending me these messages", "stop messaging us",
    "Quit texting",
    "stop sending me these", "stop sending", "Can you stop sending me stuff please", "stop the reminders",
    "end texts",
    "stop txting me", "quit contacting me", "How do I stop these messages?", "Stop receiving texts from you",
    "Stop calling and texting me", "I'm done with these texts", "could you stop the appointment reminders",
    "stop sending to this number",
    # what is not to be sent
    "don't text me anymore", "Do not contact me again.", "never text this number again", "don't send me messages",
    "do not send me any more reminders", "don't message me anymore thanks", "Dont text me again, call me",
    "Don't text me, call me", "please don't send anything to this number", "do not write to me again",
    # what is not wanted
    "I don't want any more messages", "i dont want to receive texts", "I no longer want to receive messages",
    "I no longer want texts", "I'd rather not get texts from you", "I would prefer not to receive text messages",
    "I don't want to be contacted by text", "I do not wish to get any of your notifications",
    "I don't need the reminders",
    "not interested in your texts", "I don't want you to text me",
    # none
    "no more texts please", "no texts", "no texts please", "No text messages to my phone please", "hi, no sms",
    # consent
    "i revoke my consent", "withdraw my consent", "I revoke", "I hereby withdraw permission to text",
    "I do not consent",
    # lists and numbers
    "I want to unsubscribe", "unsuscribe me", "opt me out", "I'd like to opt out", "opt out of all texts",
    "opt out of the follow-up texts please", "take me off your list", "get me off this mailing list",
    "Remove my number from your system", "Please remove me", "take me off please", "delete my number",
    "lose my number",
    "remove us from these reminders", "take this number off your list", "Can you get my number off your list",
    "leave me alone",
    # a stop, however it is dressed
    "Stop please", "pls stop", "STOP STOP", "stop it", "wrong number, stop", "STOP.\nSent from my phone",
    "STOP - Sam",
    "Stop, cancel my appointment too", "Stopp bitte", "arrêtez", "Stop 😡", "STOP…", "ＳＴＯＰ", "STOP\u200e",
    "please quit",
    "S.T.O.P", "s t o p", "S-T-O-P!",
    "no thanks stop", "not interested stop", "hey stop", "yes stop", "I said stop", "can you please stop",
    "you have the wrong number please stop", "STOP SVP", "pare por favor", "remove", "Please discontinue",
    "omg stop", "stop it lol", "no reminders please",
    # told before, and threatened
    "I have asked you to stop texting me", "you have to stop texting me",
    "If you don't stop texting me I will report you", "I'm going to have to ask you to stop texting me",
    "do I have to ask you to stop texting me again", "why won't you stop texting me", "I want to be removed",
    "put me on the do not text list", "stop reminding me", "stop bugging me",
    "I asked to be taken off this list", "I do not agree to receive text messages",
    # as others put it
    "Do not call or text me", "can you please not text me", "turn off the reminders", "cancel all future messages",
    "I want out of these texts", "please cease all contact", "you do not have my permission to text me",
    "remove my cell from your text list", "Stopppp", "block me", "I'd like to not receive texts",
    "no me manden nada", "stop aux sms", "Bitte löschen Sie meine Nummer",
    # other languages
    "No me envíen más mensajes", "dejen de escribirme", "no mas mensajes", "ya no me manden mensajes",
    "no quiero recibir más textos", "quítenme de la lista", "keine SMS mehr", "Bitte keine Nachrichten mehr",
    "schreiben Sie mir nicht mehr", "plus de messages svp", "Ne m'envoyez plus de SMS",
    "arrêtez de m'envoyer des messages",
]  # fmt: skip
SOMETHING_ELSE = [
    # moved, and off a day
    "Can you take me off Tuesday and put me on Friday?", "please remove me from the schedule for tomorrow",
    "Take us off the calendar, we're moving the visit", "Can you get us off the Tuesday slot",
    "Delete me from the 3pm and book 4pm", "is it possible to get me off hold",
    "Can you get my number from the file?",
    "opt out of the follow-up please, keep the rest", "Can you stop sending Lee and send Dana",
    "take me off the waiting list, I found a time", "take me off Tuesday please text me another day",
    "remove me from the 9am", "take us off the route for next week", "Take my number off the Tuesday visit",
    "remove the nest", "can I opt out of the kitchen treatment", "Remove me from Friday's list of stops",
    "get me off the phone with them", "Delete us from tomorrow and text me when Friday is free",
    # a stop that is another
    "Can you stop by at 3?", "can you stop by tomorrow?", "please stop by the back door", "how do I stop the ants",
    "the bus stop is closed, text me when you are here", "does it stop the ants?", "quit smoking service?",
    "stop sending the tech with the dog", "when does it end?", "I can't make it to the end of the day",
    "Stop at the gate and text me", "Lee said to stop the treatment", "don't stop", "start at 9",
    "if it doesn't stop, come again", "I want the nest to be removed", "can you remove it", "I do not agree",
    "do I have to be home? don't stop", "what happens if I unsubscribe?", "I don't have to unsubscribe, do I",
    # texts that are wanted, or missed
    "Please don't stop texting me the times", "I did not get any texts", "Send me a message when done",
    "I don't want to stop getting your texts", "did you stop texting me? I heard nothing", "I didn't unsubscribe",
    "no texts yet from the technician", "I got no messages today", "there was no text this morning",
    "no message", "I don't want to miss your text", "text me",
    # one thing only
    "Don't text me the address, call me instead", "dont send me the address, call me", "don't text me before 8",
    "You don't need to text me back", "I don't want Lee", "I don't need a visit", "I no longer want the inspection",
    "I don't agree with the price", "withdraw my complaint", "no reminders of my ex in the house please",
    "no dogs please",
    # everyday
    "can you take me off the 10am list and onto the 2pm", "take me off the Tuesday list",
    "can you cancel the reminder call", "please remove my number 3 trap", "I don't need a reminder of the price",
    "turn off the alarm", "drop us from the route", "drop me at 3", "get me off early", "take my number: 512 555 0142",
    "take this number down",
    "when will the ants stop bothering me?", "I can't text while driving", "no me mandaron mensajes",
    "no me escribió el técnico", "stop sending me to voicemail", "end of message", "I lost my number for the visit",
    "cancel my appointment", "yes please", "I need help with ants", "", "2", "no", "no mas arañas en la cocina",
    "keine Zeit mehr", "plus tard", "no me escucha",
]  # fmt: skip


@pytest.mark.parametrize("body", NO_MORE)
def test_no_more_texts_is_found_however_it_is_put(body: str) -> None:
    assert meaning(body) is Meaning.REVOKED


@pytest.mark.parametrize("body", SOMETHING_ELSE)
def test_what_is_about_something_else_is_none(body: str) -> None:
    assert meaning(body) is Meaning.NOTHING


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("Stop, cancel my appointment too", True),
        ("take me off your list, I can't make Tuesday", True),
        ("take me off the list for tomorrow", True),
        ("please remove me, not coming at 3pm", True),
        ("remove me from the system, we moved the visit to 10:30", True),
        ("Don't text me, call me", True),
        ("stop texting me about the inspection", True),
        ("forget my number, use 512 555 7777", True),
        ("stop texting my wife, text me", True),
        ("don't text me", False),
        ("please stop texting me", False),
        ("stop the appointment reminders", False),
        ("no more texts, thank you", False),
        ("I revoke my consent", False),
        ("keine SMS mehr", False),
    ],
)  # fmt: skip
def test_a_visit_or_a_call_beside_it_is_noticed(body: str, more: bool) -> None:
    assert meaning(body) is Meaning.REVOKED
    assert means_more(body) is more
