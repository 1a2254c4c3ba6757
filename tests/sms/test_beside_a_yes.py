"""What may stand beside a yes: a word for whoever comes, by its shape, and nothing else that may be a wish."""

import time

import pytest

from app.sms import way_in
from tests.sms.conversing import phone
from tests.sms.scenes import ASKED, ONE, TUE, WED, played, standing
from tests.sms.test_assent import BOOKING, texts, wrong

A_WORD_FOR_WHOEVER_COMES = texts(
    r"""
    yes, key under the mat | yes, key is under the mat | yes, gate code 1234# | yes gate code #4411 then star |
    yes and please call when you are near | yep txt me when ur close | yes pls call 15 min before u get here |
    sure, the dog is friendly but barks alot | Yes. Dogs will be in the crate | yes we hav 2 dogs |
    yes park in the driveway pls | yes, parking is behind the building | ok yes use the side door |
    yeah the buzzer is broken so knock | yes, ring bell 4B | yes apt 4B 2nd floor |
    yes its the blue house on the corner | yes, tell him the ants are in the kitchen |
    sure tell the tech the ants come from under the sink |
    Yes thank you, spare key is in the lockbox by the garage | yes lockbox code is 0907 |
    yes i'll leave the key with my neighbor | yes my wife will be home | yep my tenant will let you in |
    yes ask for Maria at the front desk | yes please. text when on the way |
    yes, garage code 2580, cat stays inside so close the door | yes. 12 Oak Street, back entrance |
    yes - call me when outside, bell doesnt work | yes, alarm code is 7788 and the gate is unlocked |
    ok book it, the key's in the mailbox | yes thats great my cell is 512-555-0188 | yes, gate code: 1234. thanks! |
    y. gate's open | yes i will be in the back yard | Sure! just call me when you get here |
    yes, please mind the cat | yes come in through the back gate | yes, come around back |
    yes you can park on the street | yes. house is behind the church | yes the code for the gate is 5521 |
    yes, use gate code 5521 | yes please have him call me when he is on his way |
    yes the front door will be unlocked | yes give me a call when you're outside | yes let them know the dog bites |
    yes beware of dog | yes, plz dont let the cat out | yes, leave the car keys at the desk |
    yes my keys are in the cup holder | yes door code is star 1 2 3 4 | yes, the dog is in the yard |
    yes there's visitor parking in front | yess gate cde 1234 | yes, my husbands number is 512-555-0177 |
    yes email is jane@roe.example | yes and can you text me when you're 10 min away? |
    Yes please, tell Dana the gate code is 1234 | yes call me half an hour before you come |
    yes, house with the red door | yep, the cat is shy but harmless | ok sounds good. Gate code #0417 |
    yes i can meet you at the gate | yess pls, txt me b4 u come | yes, zip code 78704 |
    yes let me know when u r close | yes, my neighbor has the key | yes, make sure to close the gate |
    yes, go around the back, dog is in the garage | yes, call if you cant find it |
    Yep! parking in the rear | yes please use the garage door | yes, doorbell is broken just knock |
    ok yes, entry code *1122 | Yes, its unit B on the second floor | yes i will leave the front door unlocked |
    yes, keys on the front left tire | yes, i dropped the keys at the service desk |
    yes, my daughter will be there to let you in | yes tell him the leak is under the kitchen sink |
    yes and text when ur 5 min out | yes please ring the doorbell twice | yes sir, dogs are put away |
    yes ma'am we have three cats | sure, the cat will be in the bathroom | yes. please shut the gate behind you |
    yes building code 44# | Yes - callbox 012 | yes the lockbox is on the back door, code 1357 |
    yes, someone will be home | YES. Address is 88 Elm Court apt 2 | yes tell the guy to use the alley |
    yes use the key under the rock | Yes please and thank you! Gate code is 5566. | yes, enter from the alley |
    yes they can call my cell when they arrive | yes have them ring me when outside pls |
    yes, we are the last house on the left
    """
)
MAY_WISH_FOR_MORE = texts(
    r"""
    yes #2 | yes, #3 | yes, press 2 | yes enter 2 | yes ask for Treatment | YES, ASK FOR DISCOUNT |
    yes, come to the office | yes i will meet you at the office | yes come to my shop |
    yes, key under the mat but come after lunch | yes gate code 1234 make it the afternoon |
    yes, call me when you have something sooner | yes, call me before you send anyone | yes text me a better slot |
    yes, tell him tuesday is bad | yes, ask him if he can do the ants as well | yes tell them i want a refund |
    yes tell him to bring the price list and knock 20 off | yes, dog is sick so lets wait |
    yes the dog has surgery that day | yes, gate code 1234 if it is Dana coming | yes the key is with Lee |
    yes, only when my wife is home | yes my wife will be home then but i wont, can we do saturday |
    yes my landlord will pay | yes, my landlord has to say yes | yes my wife will let you know |
    yes my husband will text you the day | yes ask for Maria to come | yes, ask for a discount |
    yes, apt 4B is the one i want done and apt 5 too | yes, both units | yes and unit 7 | yes, the garage as well |
    yes do the garage instead | yes use the side door of the other house | yes, use my sisters address |
    yes address is wrong tho | yes, the code changed the visit should too | yes. parking is impossible at nine |
    yes park it | yes, call me first | yes call me about the cost | yes call me to confirm |
    yes, call my wife to pick one | yes please call me | yes, text me the price | yes tell lee to come |
    yes let dana do it | yes let him know i moved | yes the dog will be out at ten |
    yes gate code 1234 cancel if it rains | yes, gate opens at noon | yes, gate code 1234 and bring two guys |
    yes key is under the mat from wednesday on | yes the gate is locked until 11 |
    yes the gate code is for the wednesday visit | yes, keys to my car after 5 | yes beware i may be late |
    yes pets are why i need it sooner | yes, key to the new place comes friday | yes, no parking that day |
    yes i will be home only after 10 | yes leave the key and skip the inspection |
    yes the cat is at the vet so never mind | yes, tell him the ants are in the kitchen so do a treatment |
    yes he can park but someone else has to come | yes, code for the discount is SAVE10 | yes promo code 1234 |
    yes, my tenant will choose | yes, buzz me with other times | yes, key fob appointment |
    yes, text me when you have an opening | yes call me when its cheaper | yes call when wednesday opens up |
    yes call me when the price drops | yes, tell the doctor i am on blood thinners and might not come |
    yes ring me when youre free to talk it over | yes my number is on file, call me to set a time |
    yes, Ask for Tuesday | yes call me at home | yes call me at the office | yes have him come in the morning |
    yes, have someone else come around back | yes come over to my other house |
    yes, come to my mothers place not mine | yes, leave the gate job for another day | yes, two dogs this time |
    yes tell them i found mice in the garage and want those done too | yes tell Lee the gate code is 1234 |
    yes my landlord will let you know | yes, i can meet you there at 10 | yes when my wife is home |
    yes once my tenant will let you in | ok my husband will call you | yes. key under mat until friday |
    yes gate code 1234 thursday | yes, apartment instead | yes, use the card on file | yes, park the appointment |
    yes but unit 7 not 4B |
    yes but can you do the garage too | yes and my neighbors house at 14 Oak Street |
    yes, 12 Oak Street and 14 Oak Street | yes, key under the mat, might need to push it tho |
    yes, if you can be done before lunch | yes gate code 1234, need it done by 8 |
    yes, dog groomer comes then so later | yes call me to go over the price |
    yes call me when the other guy is near | yes, tell the doctor i changed insurance |
    yes, tell him to bring the loaner car | yes i need a loaner car | yes bring the invoice |
    yes, park my request until monday | yes, knock 10 percent off | yes ring up my husband he decides |
    yes use my other number | yes, use the coupon | yes, use the door on the other building |
    yes, the dog needs shots too | yes, my cat needs to be seen as well | yes, cats both |
    yes the wasps are bad do those too | yes the key was the price | yes, keep the slot open for now |
    yes leave it open | yes, leave the time open | yes, close enough | yes, tell him not to come |
    yes tell them to come home | yes, dont come to the house come to the office | yes at the office |
    yes at my moms house | yes, in the garage | yes in the parking lot at work |
    yes, my wife will be there instead | yes my husband is home now can you come today |
    yes, someone will be home monday | yes ask for the senior tech | yes, ask for a woman | yes ask for Dana |
    yes, have a woman come | yes code red hurry | yes code 1234 gets me 10 off | yes number 2 |
    yes, second floor only | yes, third house too | yes call me b4 booking | yes text me b4 u charge my card |
    yes let me know when its confirmed | yes let me know when you have my report |
    yes, let me know if earlier opens | yes, send me a text with options | yes shoot me a call |
    yes, give me a call when you can | yes before my wife is home | yes after dogs are put away |
    yes unless the gate is locked | yes, gate is locked that morning | yes not when my wife is home
    """
)
NOTED = (
    ("yes, key under the mat", "key under the mat"),
    ("yes, gate code 1234#", "gate code 1234#"),
    ("Sure! just call me when you get here", "just call me when you get here"),
    ("yes and can you text me when you're 10 min away?", "can you text me when you're 10 min away?"),
    ("yes, tell him the ants are in the kitchen", "tell him the ants are in the kitchen"),
    ("yes its the blue house on the corner", "its the blue house on the corner"),
    ("yes ++ gate code 0417 ++ ask for Maria at the front desk", "gate code 0417, ask for Maria at the front desk"),
    ("yes, garage code 2580, cat stays inside. thanks!", "garage code 2580, cat stays inside"),
)


def test_a_word_for_whoever_comes_leaves_a_yes_what_it_is() -> None:
    assert wrong(BOOKING, A_WORD_FOR_WHOEVER_COMES, "book_appointment") == []


def test_what_may_wish_for_more_is_no_yes() -> None:
    assert wrong(BOOKING, MAY_WISH_FOR_MORE) == []


@pytest.mark.parametrize(("text", "note"), NOTED)
async def test_it_is_noted_for_whoever_comes(text: str, note: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, ASKED, text)
        assert (await standing(customer), await customer.tasks()) == (TUE, []), heard
        assert [row.notes for row in await customer.talking.house.rows()] == [note]


TO_A_MOVE = (*ONE, "move it to wednesday at 10")
MOVED = texts(
    """
    yes, gate code is 4455 | yes, the dog is friendly | yes, key under the mat. thanks! | ok, gate code 4455 |
    Yes please and thank you! Gate code is 5566. | yes, tell him the ants are in the kitchen |
    yes, gate code is 4455, is it safe for dogs?
    """
)
NOT_MOVED = texts(
    """
    yes, tell Dana the gate code and Lee | yes but come after lunch, gate code 4455 | yes #2, gate code 4455 |
    yes, gate code 4455 make it the afternoon | yes, call me when you have something sooner | gate code is 4455 |
    yes, come to the office | no, gate code is 4455 | yes, ask for discount | yes, gate code 4455 if it is free
    """
)


@pytest.mark.parametrize("text", MOVED)
async def test_beside_a_yes_to_a_move_it_goes_to_a_person(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, TO_A_MOVE, text)
        assert heard.startswith("Moved: Home inspection with Lee, Wed Nov 25 at 10:00 AM."), heard
        assert "Thanks, that goes to a person." in heard
        assert (await standing(customer), await customer.tasks()) == (WED, ["callback"])
        told = [arguments["reason"] for tool, arguments, _ in customer.called if tool == "request_callback"]
        assert told == [f"By text: {text}"]


@pytest.mark.parametrize("text", NOT_MOVED)
async def test_what_may_wish_for_more_moves_nothing(text: str, sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, TO_A_MOVE, text)
        assert await standing(customer) == TUE, heard


async def test_a_word_beside_it_is_kept_where_something_else_is_wished_as_well(sqlite_url: str) -> None:
    async with phone(sqlite_url) as customer:
        heard = await played(customer, TO_A_MOVE, "yes, gate code is 4455 and book ants friday")
        assert "Moved: " in heard
        assert "Ant treatment: Fri Nov 20:" in heard
        assert await customer.tasks() == ["callback"]


def test_a_long_text_is_not_searched_for_it() -> None:
    long = f"yes, gate code 1234{' and so on' * way_in.MAX_READ_CHARS}"
    assert way_in.without(long) == long


@pytest.mark.parametrize(
    "again", ["know that ", "to please ", "the ", "out ", "very ", "and ", "front ", "door ", "1 "]
)
@pytest.mark.parametrize("told", ["tell him", "the key is", "gate code", "the dog is", "we have ants"])
def test_no_text_makes_reading_it_costly(told: str, again: str) -> None:
    text = f"yes, {told} {again * 60}"[: way_in.MAX_READ_CHARS]
    began = time.process_time()
    way_in.without(text)
    assert time.process_time() - began < 2.0, "it was minutes where each word doubled the work"
