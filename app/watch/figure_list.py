"""Every service figure, declared once, in the order in which a person reads them."""

from functools import partial
from typing import Final

from app.watch import figure_readings as counted
from app.watch import figure_rows as rows
from app.watch.end_reasons import EndClass
from app.watch.figure_sums import EVERY_S
from app.watch.figures import Figure, Owner

MINUTE_S: Final = 60.0
HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0
HOUR_IN_A_ROW: Final = int(HOUR_S / EVERY_S)
"""Evaluations of an hour: one bad call every other hour is one page and not one for each."""

_tool = partial(Figure, of="tool", window_s=10 * MINUTE_S)
_upstream = partial(Figure, of="upstream", window_s=10 * MINUTE_S)
_business = partial(Figure, of="business", owner=Owner.BUSINESS)
_ended = partial(Figure, of="", unit="share", window_s=HOUR_S, moments_are="calls that ended")

SLOW_TOOL: Final = (
    "`readback figures list` shows which upstream is slow; if none is, look at the machine and the database."
)
SLOW_UPSTREAM: Final = "See the upstream's own status page; callers hear a filler, then an honest not yet."

FIGURES: Final = (
    _tool(
        name="tool_errors", unit="share", made_of="tool calls that failed on our side, or for want of the calendar",
        least=20, raise_at=0.05, clear_at=0.02, read=counted.share("tool", counted.WENT_WRONG.__contains__),
        borne=0.05, moment=counted.mostly("tool", counted.WENT_WRONG.__contains__),
        remedy="`/readyz` names what is down, upstream_errors who refuses; else search the log for tool_failed.",
    ),
    _tool(
        name="tool_p50", unit="s", made_of="time to answer, the half of the calls that is quicker",
        least=20, raise_at=1.0, clear_at=0.7, read=counted.slowest("tool", 0.5),
        borne=0.5, moment=counted.slow("tool"), remedy=SLOW_TOOL,
        told_with="tool_p95",
    ),
    _tool(
        name="tool_p95", unit="s", made_of="time to answer, 95 of 100 calls",
        least=40, raise_at=2.5, clear_at=1.5, read=counted.slowest("tool", 0.95),
        borne=0.05, moment=counted.slow("tool"), remedy=SLOW_TOOL,
    ),
    _tool(
        name="tool_p99", unit="s", made_of="time to answer, 99 of 100 calls", window_s=30 * MINUTE_S,
        least=100, raise_at=5.0, clear_at=3.0, read=counted.slowest("tool", 0.99),
        borne=0.05, moment=counted.slow("tool"), remedy=SLOW_TOOL,
        told_with="tool_p95",
    ),
    _tool(
        name="fillers", unit="share", made_of="tool calls answered with a filler or a not yet",
        least=20, raise_at=0.25, clear_at=0.15, read=counted.share("tool", "still_checking".__eq__),
        borne=0.25, moment=counted.mostly("tool", "still_checking".__eq__),
        remedy="A calendar is slow: see upstream_p95.",
    ),
    _tool(
        name="hangs", unit="times", made_of="messages `hang` of the platform, by the tool it waited for",
        window_s=15 * MINUTE_S, least=0, raise_at=2.0, clear_at=1.0, read=counted.hangs,
        borne=0.1, moment=counted.hung,
        remedy="Of a tool: see tool_p95. `none`: the platform's own model or voice is slow; see its status page.",
    ),
    _upstream(
        name="upstream_errors", unit="share", made_of="requests without an answer, denied, or met by something broken",
        least=20, raise_at=0.2, clear_at=0.1,
        read=counted.share("request", counted.not_answered),
        borne=0.2, moment=counted.mostly("request", counted.not_answered),
        remedy="`readback doctor` tries it; see the upstream's own status page.",
    ),
    _upstream(
        name="upstream_p50", unit="s", made_of="time of a request, the half that is quicker",
        least=20, raise_at=1.5, clear_at=1.0, read=counted.slowest("upstream", 0.5),
        borne=0.5, moment=counted.slow("upstream", counted.WAITED_FOR), remedy=SLOW_UPSTREAM,
        told_with="upstream_p95",
    ),
    _upstream(
        name="upstream_p95", unit="s", made_of="time of a request, 95 of 100",
        least=40, raise_at=3.0, clear_at=2.0, read=counted.slowest("upstream", 0.95),
        borne=0.05, moment=counted.slow("upstream", counted.WAITED_FOR), remedy=SLOW_UPSTREAM,
    ),
    _upstream(
        name="upstream_p99", unit="s", made_of="time of a request, 99 of 100", window_s=30 * MINUTE_S,
        least=100, raise_at=6.0, clear_at=4.0, read=counted.slowest("upstream", 0.99),
        borne=0.05, moment=counted.slow("upstream", counted.WAITED_FOR), remedy=SLOW_UPSTREAM,
        told_with="upstream_p95",
    ),
    Figure(
        name="cache_hits", of="cache", unit="share", made_of="look-ups that a cache answered",
        window_s=10 * MINUTE_S, least=300, raise_at=0.05, clear_at=0.1, falls=True,
        read=counted.hits,
        remedy="Every lookup goes to a calendar: see READBACK_AVAILABILITY_TTL_S, and whether something drops it.",
    ),
    Figure(
        name="refusals", of="route", unit="a minute", made_of="requests refused before they were read",
        window_s=5 * MINUTE_S, least=0, raise_at=30.0, clear_at=10.0, read=counted.refusals,
        borne=0.25, moment=counted.turned_away,
        remedy="A secret that was changed on one side only, or a stranger: `/metrics` has the reasons by route.",
    ),
    _business(
        name="read_back_mismatches", unit="appointments", made_of="appointments that are not on their calendar as "
        "promised", window_s=10 * MINUTE_S, least=0, raise_at=2.0, clear_at=1.0, read=rows.mismatches,
        remedy="More than a person's slip: see who or what edits the calendars. Each has a page of its own.",
    ),
    _business(
        name="unverified_age", unit="s", made_of="how long the oldest write has been due to be read back",
        window_s=10 * MINUTE_S, least=0, raise_at=900.0, clear_at=300.0, age=True, read=rows.unverified,
        remedy="See whether jobs run (`/readyz`), and whether the calendar can be read (`readback doctor`).",
    ),
    _business(
        name="dead_letter_age", unit="s", made_of="age of the oldest open dead letter",
        window_s=10 * MINUTE_S, least=0, raise_at=3_600.0, clear_at=1_800.0, age=True, read=rows.oldest_letter,
        told_by="dead_letters_old", remedy="`readback dead-letters list` shows it; replay or discard it.",
    ),
    _business(
        name="spend", unit="USD an hour", made_of="money for models", window_s=HOUR_S,
        least=0, raise_at=5.0, clear_at=3.0, read=rows.spend,
        remedy="Set READBACK_SPEND_CAPS; `readback flag set model_path 0` stops it at once.",
    ),
    _business(
        name="spend_per_conversation", unit="USD", made_of="money for models per conversation", window_s=HOUR_S,
        least=10, raise_at=0.5, clear_at=0.3, read=rows.spend_per_conversation,
        remedy="Put a cheaper model first in READBACK_MODELS, or set READBACK_SPEND_CAP_PER_CALL_USD.",
    ),
    _business(
        name="fallbacks", unit="share", made_of="questions to models after which a customer was served without one",
        window_s=HOUR_S, least=20, raise_at=0.2, clear_at=0.1, read=rows.fallbacks,
        borne=0.2, moments_are="conversations with a model",
        remedy="`readback dead-letters list` has the bad answers; upstream_errors says whether the provider is down.",
    ),
    _ended(
        name="ended_ours", made_of="calls that ended since the platform got no assistant from us",
        least=5, raise_at=0.05, clear_at=0.02, read=rows.ended(EndClass.OURS),
        borne=0.05,
        remedy="See READBACK_PUBLIC_URL, the secret, and vapi_assistants; `readback call` tries it.",
    ),
    _ended(
        name="ended_account", made_of="calls that ended for the platform's account: credit, lines, numbers",
        least=1, raise_at=0.0, clear_at=0.0, in_a_row=1, clear_in_a_row=HOUR_IN_A_ROW,
        read=rows.ended(EndClass.ACCOUNT), borne=0.0,
        remedy="Look at billing and concurrency on the platform's panel: callers are turned away.",
    ),
    _ended(
        name="ended_platform", made_of="calls that ended by a fault of the platform or its providers",
        least=10, raise_at=0.1, clear_at=0.05, read=rows.ended(EndClass.PLATFORM),
        borne=0.1,
        remedy="See the platform's status page; choose fallback providers for model, voice and transcriber.",
    ),
    _ended(
        name="ended_telephony", made_of="calls that ended while they were connected or transferred",
        least=10, raise_at=0.1, clear_at=0.05, read=rows.ended(EndClass.TELEPHONY),
        borne=0.1,
        remedy="Call the number, and the numbers that take transfers; see the carrier's status page.",
    ),
    _ended(
        name="ended_experience", made_of="calls that ended in silence, or ran into their longest duration",
        least=20, raise_at=0.3, clear_at=0.2, read=rows.ended(EndClass.EXPERIENCE),
        borne=0.3,
        remedy="Listen to some of them: callers are not heard, or the agent does not come to an end.",
    ),
    _ended(
        name="ended_unknown", made_of="calls that ended for a reason that is in no class",
        least=10, raise_at=0.2, clear_at=0.1, read=rows.ended(EndClass.UNKNOWN),
        borne=0.2,
        remedy="The table call_events has the reasons; see what the platform has announced, and update.",
    ),
)  # fmt: skip
