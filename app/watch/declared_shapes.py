"""The shapes by which calendars, carriers and CRMs are read, in one list. A field that is not listed is counted, not
refused. Those of voice platforms and of models stand beside it, in `spoken_shapes`.

Sources: developers.google.com/workspace/calendar/api/v3/reference, RFC 6749 (tokens), 4918 (multistatus) and 6578
(sync-token), twilio.com/docs/messaging/api/message-resource, developers.hubspot.com (CRM API v3),
developer.pagerduty.com/docs/events-api-v2 (all August 2026).
"""

from typing import Any, Final

from pydantic import Field

from app.watch.outline import Answer, Camel
from app.watch.shapes import Shape


def words(text: str) -> frozenset[str]:
    """Names in a row."""
    return frozenset(text.split())


# --- Google -----------------------------------------------------------------------------------------------------------


class _Period(Answer):
    start: str
    end: str


class _Calendar(Answer):
    busy: list[_Period]  # empty beside `errors`
    known = words("errors")


class _FreeBusy(Answer):
    calendars: dict[str, _Calendar]
    known = words("kind timeMin timeMax groups")


class _Events(Camel):
    items: list[Any]
    time_zone: str | None = None
    next_page_token: str | None = None
    next_sync_token: str | None = None
    known = words("kind etag summary description updated accessRole defaultReminders")


class _Moment(Camel):
    date_time: str | None = None
    date: str | None = None
    time_zone: str | None = None


class _Extended(Answer):
    private: dict[str, Any] | None = None
    known = words("shared")


class _Attendee(Camel):
    owner: bool | None = Field(default=None, alias="self")
    response_status: str | None = None
    known = words("id email displayName organizer resource optional comment additionalGuests")


class _CancelledEvent(Camel):
    id: str
    status: str | None = None
    etag: str | None = None
    created: str | None = None
    summary: str | None = None
    description: str | None = None
    transparency: str | None = None
    recurrence: list[str] | None = None
    event_type: str | None = None
    extended_properties: _Extended | None = None
    attendees: list[_Attendee] | None = None
    known = words(
        "kind htmlLink updated location colorId creator organizer start end endTimeUnspecified "
        "recurringEventId originalStartTime visibility iCalUID sequence attendeesOmitted hangoutLink "
        "conferenceData gadget anyoneCanAddSelf guestsCanInviteOthers guestsCanModify guestsCanSeeOtherGuests "
        "privateCopy locked reminders source workingLocationProperties outOfOfficeProperties focusTimeProperties "
        "birthdayProperties attachments"
    )


class _Event(_CancelledEvent):
    start: _Moment
    end: _Moment


class _Channel(Camel):
    resource_id: str
    expiration: str | int
    known = words("kind id resourceUri token type address payload params")


class _NoContent(Answer):
    """Answered with 204; anything else is more than we know of."""


class _Token(Answer):
    access_token: str
    expires_in: int | str  # google-auth takes both
    known = words("token_type scope id_token refresh_token refresh_token_expires_in")


FREEBUSY: Final = Shape("google", "freebusy.query", _FreeBusy, hot=True)
EVENTS: Final = Shape("google", "events.list", _Events, hot=True)
EVENT: Final = Shape("google", "event", _Event)
EVENT_OF_LIST: Final = Shape("google", "event in a list", _Event, hot=True)
CANCELLED_EVENT: Final = Shape("google", "cancelled event", _CancelledEvent)
CHANNEL: Final = Shape("google", "events.watch", _Channel)
NO_CONTENT: Final = Shape("google", "deleted event or stopped channel", _NoContent)
TOKEN: Final = Shape("google", "token", _Token)


def of_event(item: object, *, listed: bool = False) -> Shape:
    """The shape of one event of Google's: of a cancelled one only the id is sure to be there."""
    if isinstance(item, dict) and item.get("status") == "cancelled":
        return CANCELLED_EVENT
    return EVENT_OF_LIST if listed else EVENT


# --- CalDAV -----------------------------------------------------------------------------------------------------------


class _Properties(Answer):
    getetag: str | None = None
    calendar_data: str | None = Field(default=None, alias="c-calendar-data")
    calendar_timezone: str | None = Field(default=None, alias="c-calendar-timezone")
    open = True  # servers add properties that nobody asked for


class _Propstat(Answer):
    prop: _Properties
    status: str
    known = words("error responsedescription")


class _Response(Answer):
    href: str
    status: str | None = None
    propstat: list[_Propstat] = Field(default_factory=list)
    known = words("error responsedescription location")


class _Multistatus(Answer):
    response: list[_Response] = Field(default_factory=list)
    sync_token: str | None = Field(default=None, alias="sync-token")
    known = words("responsedescription")


class _Xml(Answer):
    multistatus: _Multistatus


MULTISTATUS: Final = Shape("caldav", "multistatus", _Xml, hot=True)
"""Its XML as `caldav_xml.structure` makes plain values of it."""


# --- Twilio -----------------------------------------------------------------------------------------------------------


class _Message(Answer):
    sid: str
    status: str
    known = words(
        "account_sid api_version body date_created date_sent date_updated direction error_code error_message from "
        "messaging_service_sid num_media num_segments price price_unit subresource_uris to uri"
    )


class _ListedMessage(_Message):
    direction: str
    to: str
    from_: str | None = Field(default=None, alias="from")  # not chosen yet by a messaging service
    body: str | None = None
    date_created: str | None = None
    date_sent: str | None = None
    num_media: str | None = None
    either = ("date_created|date_sent",)


class _Messages(Answer):
    messages: list[_ListedMessage]
    next_page_uri: str | None
    known = words("end first_page_uri page page_size previous_page_uri start uri")


class _Refusal(Answer):
    code: int
    message: str
    known = words("more_info status user_error detail details")


class _Account(Answer):
    sid: str
    status: str
    open = True


class _Number(Answer):
    phone_number: str
    sms_url: str | None
    sms_method: str | None
    sms_application_sid: str | None
    open = True


class _Numbers(Answer):
    incoming_phone_numbers: list[_Number]
    next_page_uri: str | None
    known = words("end first_page_uri page page_size previous_page_uri start uri")


class _Text(Answer):
    message_sid: list[str] = Field(alias="MessageSid")
    from_: list[str] = Field(alias="From")
    to: list[str] = Field(alias="To")
    body: list[str] = Field(alias="Body")
    open = True


class _Report(Answer):
    message_sid: list[str] = Field(alias="MessageSid")
    message_status: list[str] = Field(alias="MessageStatus")
    open = True


TWILIO_MESSAGE: Final = Shape("twilio", "message", _Message)
TWILIO_MESSAGES: Final = Shape("twilio", "list of messages", _Messages, hot=True)
TWILIO_ACCOUNT: Final = Shape("twilio", "account", _Account)
TWILIO_NUMBERS: Final = Shape("twilio", "list of numbers", _Numbers)
TWILIO_REFUSAL: Final = Shape("twilio", "refusal", _Refusal)
TWILIO_TEXT: Final = Shape("twilio", "incoming text", _Text)
TWILIO_REPORT: Final = Shape("twilio", "report on a text", _Report)


# --- CRMs -------------------------------------------------------------------------------------------------------------


class _Tie(Answer):
    id: str
    known = words("type")


class _Ties(Answer):
    results: list[_Tie]
    known = words("paging")


class _Associations(Answer):
    contacts: _Ties | None = None


class _HubspotObject(Answer):
    id: str
    properties: dict[str, Any]
    associations: _Associations | None = None
    known = words("createdAt updatedAt archived archivedAt propertiesWithHistory url objectWriteTraceId")


class _HubspotList(Answer):
    results: list[_HubspotObject]
    known = words("total paging status startedAt completedAt requestedAt links numErrors errors")


class _HubspotTie(Answer):
    status: str
    known = words("results startedAt completedAt requestedAt links numErrors errors")


class _Taken(Answer):
    event_id: str | None = None
    open = True


class _Kept(Answer):
    revision: int
    status: str
    start: str
    end: str
    open = True


HUBSPOT_OBJECT: Final = Shape("hubspot", "object", _HubspotObject)
HUBSPOT_LIST: Final = Shape("hubspot", "list of objects", _HubspotList)
HUBSPOT_TIE: Final = Shape("hubspot", "tie of two objects", _HubspotTie)
CRM_TAKEN: Final = Shape("crm webhook", "event that was taken", _Taken)
CRM_BOOKING: Final = Shape("crm webhook", "booking that was kept", _Kept)


# --- ourselves, and pages ---------------------------------------------------------------------------------------------


class _Health(Answer):
    status: str


class _Enqueued(Answer):
    status: str
    known = words("message dedup_key errors")


PAGERDUTY_EVENT: Final = Shape("pagerduty", "event that was taken", _Enqueued)
OWN_HEALTH: Final = Shape("readback", "healthz", _Health)
