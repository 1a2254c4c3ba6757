"""The shapes by which voice platforms and language models are read.

Arguments of tools are the model's and held against the tool's own schema; here they are whatever they are. Sources:
docs.vapi.ai/server-url/events, docs.retellai.com (custom function), ElevenLabs' API schema, docs.bland.ai (custom
tools), developers.telnyx.com (webhook tools), platform.openai.com (chat completions), docs.claude.com (messages), all
August 2026.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pydantic import create_model

from app.watch.declared_shapes import words
from app.watch.outline import Answer, Camel
from app.watch.shapes import Shape

# --- Vapi -------------------------------------------------------------------------------------------------------------


class _Numbered(Answer):
    number: str | None = None
    open = True


class _Named(Answer):
    id: str | None = None
    open = True


class _Monitor(Camel):
    control_url: str | None = None
    open = True


class _VapiCall(Camel):
    id: str | None = None
    customer: _Numbered | None = None
    phone_number: _Numbered | None = None
    assistant_id: str | None = None
    ended_reason: str | None = None
    monitor: _Monitor | None = None
    open = True


class _Function(Answer):
    name: str | None = None
    open = True


class _VapiToolCall(Answer):
    id: str | int | None = None
    function: _Function | None = None
    name: str | None = None
    open = True


class _NamedToolCall(_VapiToolCall):
    either = ("function.name|name",)


class _ToolWithCall(Camel):
    tool_call: _VapiToolCall | None = None
    function: _Function | None = None
    name: str | None = None
    open = True
    either = ("toolCall.function.name|toolCall.name|function.name|name",)


class _VapiMessage(Camel):
    """Any of them. Below, what is needed of each kind is needed because it is read."""

    type: str
    call: _VapiCall | None = None
    customer: _Numbered | None = None
    phone_number: _Numbered | None = None
    chat: _Named | None = None
    assistant: _Named | None = None
    tool_call_list: list[_NamedToolCall] | None = None
    status: str | None = None
    ended_reason: str | None = None
    known = words(
        "analysis artifact artifacts assistantVersion content conversation cost costBreakdown costs destination "
        "detectedThreats durationMinutes durationMs durationSeconds endCallAfterSpokenEnabled endedAt functionCall "
        "inboundPhoneCallDebuggingArtifacts isFiltered messages messagesOpenAIFormatted parameters recordingUrl role "
        "session startedAt stereoRecordingUrl summary timestamp toolCalls toolWithToolCallList transcript "
        "transcriptType turn turnId"
    )


CALLER: Final = "customer|call.customer"
LINE: Final = "phoneNumber|call.phoneNumber"
LIST: Final = "toolCallList|toolCalls|toolWithToolCallList"


class _ToolCalls(_VapiMessage):
    tool_calls: list[_NamedToolCall] | None = None
    tool_with_tool_call_list: list[_ToolWithCall] | None = None
    either = (LIST, "call|chat.id")


class _FunctionCall(_VapiMessage):
    either = ("functionCall.name",)


class _OfCall(_VapiMessage):
    either: ClassVar[tuple[str, ...]] = ("call.id",)


class _Arrival(_OfCall):
    either = ("call.id", LINE, CALLER)


class _Status(_OfCall):
    status: str


class _StatusByPhone(_Status):
    either = ("call.id", CALLER)


class _Ended(_OfCall):
    either = ("call.id", "endedReason|call.endedReason")


class _VapiEnvelope(Answer):
    message: _VapiMessage
    open = True


class _VapiRecord(Camel):
    id: str
    updated_at: str
    open = True


class _VapiList(Answer):
    records: list[_VapiRecord]


def _message(kind: str, message: type[_VapiMessage], *, hot: bool = False) -> Shape:
    """The shape of an envelope with such a message in it."""
    envelope = create_model(f"{message.__name__}Envelope", __base__=_VapiEnvelope, message=(message, ...))
    return Shape("vapi", kind, envelope, hot=hot)


VAPI_MESSAGE: Final = Shape("vapi", "message", _VapiEnvelope)
VAPI_TOOL_CALLS: Final = _message("tool calls", _ToolCalls, hot=True)
VAPI_KINDS: Final = {
    "tool-calls": _message("tool-calls", _ToolCalls),
    "function-call": _message("function-call", _FunctionCall),
    "assistant-request": _message("assistant-request", _Arrival),
    "status-update": _message("status-update", _Status),
    "status-update by phone": _message("status-update by phone", _StatusByPhone),
    "end-of-call-report": _message("end-of-call-report", _Ended),
    "transfer-update": _message("transfer-update", _OfCall),
    "transfer-destination-request": _message("transfer-destination-request", _OfCall),
    "knowledge-base-request": _message("knowledge-base-request", _OfCall),
}


def of_vapi_message(told: Mapping[str, Any]) -> Shape:
    """The shape of a message by its kind, which is spelled in one of two ways, and by what its call is."""
    message = told.get("message")
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(kind, str):
        return VAPI_MESSAGE
    kind, call = kind.replace("_", "-"), message.get("call")
    by_phone = isinstance(call, dict) and str(call.get("type")).endswith("PhoneCall")
    plain = VAPI_KINDS.get(kind, VAPI_MESSAGE)
    return VAPI_KINDS.get(f"{kind} by phone", plain) if by_phone else plain


VAPI_RECORD: Final = Shape("vapi", "record of the API", _VapiRecord, hot=True)
VAPI_LIST: Final = Shape("vapi", "list of the API", _VapiList, hot=True)
"""As `{"records": list}`: a list by itself has no names."""
VAPI_WRITTEN: Final = Shape("vapi", "record that was written", _VapiRecord)


# --- other platforms --------------------------------------------------------------------------------------------------


class _Arguments(Answer):
    """What the model wrote, and nothing else."""

    open = True


class _Entry(Answer):
    role: str | None = None
    name: str | None = None
    tool_call_id: str | None = None
    open = True


class _RetellCall(Answer):
    call_id: str
    agent_id: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    direction: str | None = None
    transcript_with_tool_calls: list[_Entry] | None = None
    known = words(
        "access_token agent_name agent_version call_analysis call_cost call_status call_type "
        "collected_dynamic_variables custom_attributes data_storage_setting disconnection_reason duration_ms "
        "end_timestamp knowledge_base_retrieved_contents_url latency llm_token_usage metadata opt_in_signed_url "
        "opt_out_sensitive_data_storage public_log_url recording_url retell_llm_dynamic_variables "
        "scrubbed_transcript_with_tool_calls start_timestamp telephony_identifier tool_calls transcript "
        "transcript_object transfer_destination transfer_end_timestamp"
    )


class _RetellRequest(Answer):
    args: Any
    call: _RetellCall
    known = words("name")


class _ElevenlabsFlat(Answer):
    conversation_id: str | None = None
    caller_id: str | None = None
    called_number: str | None = None
    open = True


class _ElevenlabsEnvelope(_ElevenlabsFlat):
    tool_name: str
    parameters: Any
    tool_call_id: str | None = None


class _ElevenlabsArrival(Answer):
    caller_id: str | None
    agent_id: str
    called_number: str
    call_sid: str
    known = words("conversation_id")


class _Conversation(Answer):
    conversation_id: str
    agent_id: str | None = None
    status: str | None = None
    open = True


class _ElevenlabsReport(Answer):
    type: str
    data: _Conversation
    known = words("event_timestamp")


class _BlandRequest(Answer):
    call_id: str | None = None
    caller: str | None = None
    line: str | None = None
    open = True


RETELL_REQUEST: Final = Shape("retell", "custom function", _RetellRequest, hot=True)
RETELL_ARGUMENTS: Final = Shape("retell", "arguments alone", _Arguments, hot=True)
ELEVENLABS_TOOL: Final = Shape("elevenlabs", "server tool", _ElevenlabsFlat, hot=True)
ELEVENLABS_ENVELOPE: Final = Shape("elevenlabs", "server tool in an envelope", _ElevenlabsEnvelope, hot=True)
ELEVENLABS_ARRIVAL: Final = Shape("elevenlabs", "conversation initiation", _ElevenlabsArrival, hot=True)
ELEVENLABS_REPORT: Final = Shape("elevenlabs", "post-call webhook", _ElevenlabsReport)
BLAND_TOOL: Final = Shape("bland", "custom tool", _BlandRequest, hot=True)
TELNYX_TOOL: Final = Shape("telnyx", "webhook tool", _Arguments, hot=True)


def of_tool_call(platform: str, asked: object) -> Shape | None:
    """The shape of a tool call as a platform of several sends it; None for callers that are nobody's platform."""
    told = asked if isinstance(asked, dict) else {}
    match platform:
        case "retell":
            return RETELL_REQUEST if "args" in told else RETELL_ARGUMENTS
        case "elevenlabs":
            return ELEVENLABS_ENVELOPE if "tool_name" in told and "parameters" in told else ELEVENLABS_TOOL
        case "bland":
            return BLAND_TOOL
        case "telnyx":
            return TELNYX_TOOL
        case _:
            return None


# --- language models --------------------------------------------------------------------------------------------------


class _OpenaiFunction(Answer):
    name: str
    arguments: str
    open = True


class _OpenaiCall(Answer):
    id: str
    function: _OpenaiFunction
    known = words("type index")


class _OpenaiMessage(Answer):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_OpenaiCall] | None = None
    known = words("role annotations audio function_call reasoning reasoning_content")


class _Choice(Answer):
    message: _OpenaiMessage
    finish_reason: str | None
    known = words("index logprobs")


class _OpenaiUsage(Answer):
    prompt_tokens: int
    completion_tokens: int
    open = True


class _OpenaiAnswer(Answer):
    choices: list[_Choice]
    usage: _OpenaiUsage
    known = words("id object created model service_tier system_fingerprint prompt_filter_results")


class _Block(Answer):
    type: str
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Any] | None = None
    open = True


class _AnthropicUsage(Answer):
    input_tokens: int
    output_tokens: int
    open = True


class _AnthropicAnswer(Answer):
    content: list[_Block]
    stop_reason: str | None
    usage: _AnthropicUsage
    known = words("id type role model stop_sequence stop_details container context_management")


OPENAI_ANSWER: Final = Shape("openai", "chat completion", _OpenaiAnswer)
ANTHROPIC_ANSWER: Final = Shape("anthropic", "message", _AnthropicAnswer)
