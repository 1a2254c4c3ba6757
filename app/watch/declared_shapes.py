"""The shapes by which answers of upstreams are read, in one list. A field that is not listed is counted, not refused.

Sources: developers.google.com/workspace/calendar/api/v3/reference, twilio.com/docs/messaging/api/message-resource,
docs.vapi.ai/server-url/events (all August 2026).
"""

from typing import Final

from app.watch.shapes import Shape


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVENT: Final = _words(
    "kind etag id status htmlLink created updated summary description location colorId creator "
    "organizer start end endTimeUnspecified recurrence recurringEventId originalStartTime "
    "transparency visibility iCalUID sequence attendees attendeesOmitted extendedProperties "
    "hangoutLink conferenceData gadget anyoneCanAddSelf guestsCanInviteOthers guestsCanModify "
    "guestsCanSeeOtherGuests privateCopy locked reminders source workingLocationProperties "
    "outOfOfficeProperties focusTimeProperties birthdayProperties attachments eventType"
)
FREEBUSY: Final = Shape(
    "google", "freebusy.query", {"calendars": "object"}, _words("kind timeMin timeMax groups"), hot=True
)
EVENTS: Final = Shape(
    "google",
    "events.list",
    {"items": "list"},
    _words("kind etag summary description updated timeZone accessRole defaultReminders nextPageToken nextSyncToken"),
    hot=True,
)
EVENT: Final = Shape("google", "event", {"id": "text", "start": "object", "end": "object"}, _EVENT)
EVENT_OF_LIST: Final = Shape("google", "event in a list", EVENT.required, _EVENT, hot=True)
CANCELLED_EVENT: Final = Shape("google", "cancelled event", {"id": "text"}, _EVENT)
TWILIO_MESSAGE: Final = Shape(
    "twilio",
    "message",
    {"sid": "text", "status": "text"},
    _words(
        "account_sid api_version body date_created date_sent date_updated direction error_code "
        "error_message from messaging_service_sid num_media num_segments price price_unit "
        "subresource_uris to uri"
    ),
)
TWILIO_TEXT: Final = Shape(
    "twilio", "incoming text", {"MessageSid": "list", "From": "list", "To": "list", "Body": "list"}, open=True
)
TWILIO_REPORT: Final = Shape("twilio", "report on a text", {"MessageSid": "list", "MessageStatus": "list"}, open=True)
VAPI_MESSAGE: Final = Shape(
    "vapi",
    "message",
    {"type": "text"},
    _words(
        "analysis artifact artifacts assistant assistantVersion call chat content conversation cost "
        "costBreakdown costs customer destination detectedThreats durationMinutes durationMs "
        "durationSeconds endCallAfterSpokenEnabled endedAt endedReason functionCall "
        "inboundPhoneCallDebuggingArtifacts isFiltered messages messagesOpenAIFormatted parameters "
        "phoneNumber recordingUrl role session startedAt status stereoRecordingUrl summary timestamp "
        "toolCallList toolCalls toolWithToolCallList transcript transcriptType turn turnId"
    ),
)

VAPI_RECORD: Final = Shape("vapi", "record of the API", {"id": "text", "updatedAt": "text"}, hot=True, open=True)


def of_event(item: object, *, listed: bool = False) -> Shape:
    """The shape of one event of Google's: of a cancelled one only the id is sure to be there."""
    if isinstance(item, dict) and item.get("status") == "cancelled":
        return CANCELLED_EVENT
    return EVENT_OF_LIST if listed else EVENT
