"""What is a plain request to cancel, and what only speaks of it."""

import pytest

from app.sms.cancelling import Cancelling, cancelling, without_told
from tests.sms.test_afterwards import each

OWN = frozenset(("home", "inspection", "ant", "treatment", "follow-up", "visit", "acme", "pest", "control", "dana"))
PLAIN = """
I'd rather cancel | cancel my appointment | please cancel | I need to cancel | can't come | cancel | cancel it please |
I'd like to cancel my visit | we need to cancel our appointment | hi, can you cancel my visit please |
could you please cancel my appointment | I have to cancel | gotta cancel | i'm going to have to cancel |
sorry can't make it | we won't be needing you tuesday | no longer needed | not needed any more, thanks |
please don't come | scrap it | canel my apointment |
pls cancl my appt | take me off the schedule | don't come tuesday | my ants are gone, no need to come |
quiero cancelar mi cita | cancelar mi cita | I want my appointment cancelled |
please have it cancelled | I'm cancelling my appointment | just cancel it | go ahead and cancel it |
Sorry, I can't make it, please cancel | no, cancel it | call it off | I want to cancel tuesday's visit |
cancel tomorrow's | cancel the 9 am | cancel Dana's visit | cancel my ant treatment |
yes cancel my inspection | cancel everything | cancel both | cancel all my appointments |
dana cancelled on me last time, so please cancel my visit | i dont need it anymore | cancel today |
I no longer need it, please cancel | we do not need you anymore | cancel my order |
Please cancel the inspection with Dana on Tuesday at 9 | I'll have to cancel | would like to cancel |
will you cancel my appointment? | let's cancel it | i am writing to cancel my visit |
cancel my upcoming visit | cancel the home inspection | please remove my appointment |
I've got to cancel | puede cancelar mi cita | wait, cancel it | nvm, please cancel
"""
HALF = """
can I cancel my appointment? | how do I cancel | cancelling | cancellation please | found someone else |
can I cancel tomorrow if needed | could i cancel tuesday | cancelling tuesday |
it needs to be cancelled | cannot make it earlier than 9
"""
WEIGHED = """
I might cancel | I may have to cancel | I should probably cancel | thinking of cancelling |
maybe cancel wednesday | I would cancel if you can't
"""
TOLD = """
cancelled | Visit cancelled | did you cancel my appointment? | dana cancelled on me last time |
school is cancelled tuesday so I'll be home | my flight got cancelled so I'm home, come anytime |
you cancelled my appointment! | Was my appointment cancelled? | who cancelled my visit? |
my appointment got cancelled?? | why did you cancel |
I nearly had to cancel my appointment, anyway all good now | sorry for cancelling last time |
thanks for not cancelling | my other plans got cancelled so yes | yes, I cancelled the other guys |
I cancelled the other company | great, I'll cancel my other company then | my wife wants to cancel |
nobody is to cancel my visit | I am NOT cancelling, just asking | I forgot to cancel my appointment |
please stop cancelling my appointment | instead of cancelling my appointment |
I cancelled my gym membership today lol | The appointment was cancelled by you |
I really can't cancel my visit again | Until when can I cancel? | no quiero cancelar mi cita |
canceled? | tell me how to cancel | Chris Cancel | she cancelled | had to cancel
"""
ELSEWHERE = """
cancel Bob's appointment | please cancel my mother's appointment | cancel the reminder texts |
cancel my subscription | cancel the call please | please cancel my neighbor's visit
"""
UNSAID = """
see you tuesday | can you come | I can't wait | I won't come outside but go ahead |
don't come before 9 | I don't need it explained | will I need to be home
"""
KINDS = {
    Cancelling.PLAIN: PLAIN,
    Cancelling.HALF: HALF,
    Cancelling.WEIGHED: WEIGHED,
    Cancelling.TOLD: TOLD,
    Cancelling.ELSEWHERE: ELSEWHERE,
    Cancelling.UNSAID: UNSAID,
}


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for kind, table in KINDS.items() for text in each(table)])
def test_only_a_plain_request_is_one(text: str, kind: Cancelling) -> None:
    assert cancelling(text.lower(), OWN) is kind


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("my other plans got cancelled so yes", ", so yes"),
        ("yes, i cancelled the other guys", "yes, ,"),
        ("dana cancelled on me last time. please cancel my visit", ", . please cancel my visit"),
        ("cancel my visit", "cancel my visit"),
    ],
)
def test_what_only_tells_of_it_is_passed_over(text: str, left: str) -> None:
    assert without_told(text).split() == left.split()
