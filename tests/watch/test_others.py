"""What another process rang: its own to end, then anybody's, and again its own where it rang anew."""

from app.watch.others import LEFT_FOR_S, MAY_BE_GONE_AFTER_S, Others

NAME = ("model_fails", "openai:mini")
BEGAN = 1_000_000.0
RANG = BEGAN + 10.0
TWO = {"this", "other"}


def test_what_was_up_before_is_anybody_s() -> None:
    others = Others(BEGAN)
    assert not others.have(NAME, BEGAN - 1.0, BEGAN + 5.0)
    assert others.have(NAME, RANG, RANG + 1.0)


def test_it_is_left_for_an_hour_and_where_it_rings_anew_for_a_day() -> None:
    others = Others(BEGAN)
    others.look({NAME: RANG}, TWO, RANG)
    others.look({NAME: RANG}, {"this"}, RANG + 20.0)
    assert others.have(NAME, RANG, RANG + MAY_BE_GONE_AFTER_S - 1.0)
    over = RANG + MAY_BE_GONE_AFTER_S
    assert not others.have(NAME, RANG, over)
    again = over + 1.0
    others.look({NAME: again}, TWO, over + 2.0)  # it ended and rang between two looks
    assert others.have(NAME, again, again + MAY_BE_GONE_AFTER_S)
    others.look({NAME: again}, TWO, over + 3.0 + LEFT_FOR_S)
    assert not others.have(NAME, again, over + 3.0 + LEFT_FOR_S)


def test_it_is_left_for_a_day_while_everybody_lives_who_may_have_rung_it() -> None:
    others = Others(BEGAN)
    others.look({}, TWO, RANG - 1.0)
    others.look({NAME: RANG}, TWO | {"a newcomer"}, RANG)
    assert others.have(NAME, RANG, RANG + LEFT_FOR_S - 1.0)
    assert not others.have(NAME, RANG, RANG + LEFT_FOR_S)
    others.look({NAME: RANG}, TWO, RANG + 1.0)
    assert not others.have(NAME, RANG, RANG + MAY_BE_GONE_AFTER_S)


def test_who_was_well_says_so_again_unless_it_met_it_or_the_page_is_gone() -> None:
    others = Others(BEGAN)
    assert others.look({NAME: RANG}, TWO, RANG) == set(), "this process has said nothing"
    others.have(NAME, RANG, RANG)
    assert others.look({NAME: RANG}, TWO, RANG) == {NAME}
    others.meets(NAME)
    assert others.look({NAME: RANG}, TWO, RANG) == set()
    others.have(NAME, RANG, RANG)
    assert others.look({}, TWO, RANG) == others.look({NAME: RANG}, TWO, RANG) == set()


def test_what_rings_by_itself_where_it_lasts_need_not_be_said_to_be_over_since_another_rang() -> None:
    jobs, model, others = ("jobs_down", "engine"), NAME, Others(BEGAN)
    for name in (jobs, model):
        assert not others.have(name, 0.0, BEGAN), "none is up"
    assert others.look({}, TWO, BEGAN) == set()
    assert others.look({jobs: RANG, model: RANG}, TWO, RANG) == {jobs}, (
        "a model may have failed since it was asked last"
    )
    others.meets(jobs)
    assert others.look({jobs: RANG, model: RANG}, TWO, RANG) == set()


def test_what_a_person_has_to_put_right_stays() -> None:
    assert Others(BEGAN).have(("audit_broken", "anchors"), RANG, RANG + 2 * LEFT_FOR_S)
