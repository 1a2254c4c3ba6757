"""`POST /vapi`: every Vapi server message. What passed authentication is answered 200, whatever becomes of it."""

from typing import Final

from starlette.types import Receive, Scope

from app import log, metrics
from app.calls.arrivals import Declined
from app.calls.events import CallEvent
from app.dialects import vapi
from app.dialects.credentials import encoded
from app.dialects.results import INTERNAL
from app.errors import UnauthorizedError
from app.watch.shapes import observe, observe_json
from app.watch.spoken_shapes import VAPI_TOOL_CALLS, of_vapi_message
from app.web import body
from app.web.deadline import within
from app.web.ports import Doors

STORE_DEADLINE_S: Final = 10.0
"""Vapi's default timeout for a server message is 20 s."""

NOBODY = Declined("I'm sorry, we cannot take your call right now. Please call again in a few minutes.")

_log = log.get("web.vapi")


class Vapi:
    """The route's work. Answers JSON bodies."""

    def __init__(self, doors: Doors) -> None:
        self._dispatcher = doors.dispatcher
        self._tools = {alias: tool.name for tool in doors.tools for alias in tool.names}
        self._arrivals = doors.arrivals
        self._events = doors.events
        self._handover = doors.handover
        self._knowledge = doors.knowledge
        self._secrets = vapi.Secrets(encoded(doors.vapi_secrets), encoded(doors.vapi_hmac_secrets))
        self._clock = doors.clock
        self._refused = doors.refused
        self._body_deadline_s = doors.body_deadline_s
        self._arrival_deadline_s = doors.arrival_deadline_s

    async def answer(self, scope: Scope, receive: Receive) -> bytes:
        """The JSON body of a 200. Raises UnauthorizedError and what reading a body raises."""
        came_at = self._clock.now()
        proof = vapi.authenticate(scope["headers"], self._secrets, came_at)
        if proof is False:
            raise UnauthorizedError
        raw = await body.read(scope, receive, self._body_deadline_s)
        if proof is not True and not vapi.signature_ok(proof, raw, self._secrets, came_at):
            raise UnauthorizedError
        parsed = self._read(raw)
        try:
            return await self._answer_to(parsed)
        except Exception as error:  # noqa: BLE001  # past authentication a failure is said, not sent as a status
            _log.error("message failed", exc_info=error)
            return self._apology_to(parsed)

    def _read(self, raw: bytes) -> vapi.Parsed:
        """What came, by the quick way, which knows one shape only, or else patiently. Raises BadJsonError."""
        if quick := vapi.quick(raw):
            observe_json(VAPI_TOOL_CALLS, raw)
            return quick
        told = body.decode(raw)
        if isinstance(told, dict) and "message" in told:
            observe(of_vapi_message(told), told)
        return vapi.parse(told)

    async def _answer_to(self, parsed: vapi.Parsed) -> bytes:
        if isinstance(parsed, vapi.ToolCalls):
            return await self._run(parsed)
        if isinstance(parsed, vapi.AssistantRequest):
            metrics.count_message("assistant-request")
            log.bind(call_id=parsed.ref.call_id)
            return vapi.render_arrival(await within(self._arrival_deadline_s, self._arrivals.answer(parsed.ref)))
        if isinstance(parsed, vapi.DestinationRequest):
            metrics.count_message("transfer-destination-request")
            log.bind(call_id=parsed.ref.call_id)
            return vapi.render_arrival(await within(self._arrival_deadline_s, self._handover.destination(parsed.ref)))
        if isinstance(parsed, vapi.KnowledgeRequest):
            return await self._look_up(parsed)
        if isinstance(parsed, vapi.Ignored):
            self._ignore(parsed)
        elif isinstance(parsed, vapi.Begun):
            try:
                self._arrivals.begun(parsed.event.ref)
            finally:
                await self._store(parsed.event)
        else:
            await self._store(parsed)
        return vapi.NOTHING_OWED

    async def _run(self, asked: vapi.ToolCalls) -> bytes:
        metrics.count_message("function-call" if asked.legacy else "tool-calls")
        if not asked.calls:
            return vapi.render_results(asked, ())
        log.bind(call_id=asked.calls[0].ref.call_id)
        return vapi.render_results(asked, await self._dispatcher.dispatch(asked.calls))

    async def _look_up(self, asked: vapi.KnowledgeRequest) -> bytes:
        metrics.count_message("knowledge-base-request")
        log.bind(call_id=asked.ref.call_id)
        if self._knowledge is None:
            return vapi.NOTHING_OWED
        found = await within(self._arrival_deadline_s, self._knowledge.passages(asked.ref, asked.question))
        return vapi.render_knowledge(found)

    async def _store(self, event: CallEvent) -> None:
        metrics.count_message(event.kind)
        log.bind(call_id=event.ref.call_id)
        await within(STORE_DEADLINE_S, self._events.store(event))

    def _apology_to(self, parsed: vapi.Parsed) -> bytes:
        """What the platform gets when answering went wrong: a sentence for every caller who waits for one."""
        if isinstance(parsed, vapi.ToolCalls):
            return vapi.render_results(parsed, [INTERNAL] * len(parsed.calls))
        if isinstance(parsed, vapi.AssistantRequest | vapi.DestinationRequest):
            arriving = isinstance(parsed, vapi.AssistantRequest)
            try:
                return vapi.render_arrival((self._arrivals if arriving else self._handover).fallback(parsed.ref))
            except Exception as error:  # noqa: BLE001  # a caller hears a sentence whatever is broken here
                _log.error("request has no fallback", exc_info=error)
                return vapi.render_arrival(NOBODY)
        return vapi.NOTHING_OWED

    def _ignore(self, message: vapi.Ignored) -> None:
        metrics.count_message(message.known or "unknown")
        if message.known == vapi.HANG:
            metrics.count_hang(self._tools.get(message.under_way, "unknown") if message.under_way else "none")
        if not message.known:
            _log.info("unknown message", type=message.type[:64])
        if not message.type:
            self._refused("/vapi", "no message")
