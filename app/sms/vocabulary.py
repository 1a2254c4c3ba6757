"""The words that the guided conversation knows, as people text them; English, with the commonest Spanish ones."""

import re

from app.sms.other_languages import CALL_ABROAD

SIGNS = {
    **dict.fromkeys("👍✅👌🆗☑✔", " ok "),
    **dict.fromkeys("👎❌🚫", " no "),
    "🙏": " thanks ",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "—": " , ",
    "–": "-",
}
ABOUT = re.compile(r"\b(?:at |around |about )?([0-9]{1,2}(?::[0-5][0-9])?)[- ]?ish\b", re.I)
SIGNATURE = re.compile(r"^\W*(?:sent from my|get outlook for) [^.!?\n]*$", re.I | re.M)
"""What a phone puts under a text."""
KEPT_SIGNS = "$+<>=^`~|"
SEGMENTS = re.compile(
    r"(?<=[?])|(?<=^[1-9]) (?=[A-Z][a-z]+(?: [A-Z]|$))|[,;\n!]|\.(?=\s|$)| - |"
    r"\band\b(?= (?:my name|it'?s for|can|could|do|does|is|are|will|would|how|what|when|where|who)\b)"
)
INSTEAD = re.compile(
    r"\b(?:actually|i mean|i meant|scratch that|or rather|on second thoughts?|correction)\b|"
    r"(?<=\S )(?:no,? wait|wait,? no|no,? sorry|oops)\b(?=[,.]? \w)",
    re.I,
)
"""What stands between something said and what replaces it."""

REQUESTS = re.compile(
    r"(?:\s*[,;.&+\n]\s*|\s+(?=(?:and|then|but|n)\b))(?:(?:and|then|but|n)\s+)*"
    r"(?=(?:(?:please|pls|then|also|just|instead|can (?:you|i|we)|could (?:you|i|we)|i(?:'d| would) like to|i want to|"
    r"i need to|to) )*(?:book|schedule|cancel|move|reschedule|change)\b)",
    re.I,
)
"""Before a second request in one text."""
BESIDES = re.compile(r"\s*[,;.&+\n]\s*|\s+(?=(?:and|then|plus|n|also|but)\b)", re.I)
"""Between what can be two wishes, where no verb says so."""
PLUS = re.compile(r"(?:and|plus|n|also|\+|&)\b|.*\b(?:also|too|as well|another|plus)\b", re.I | re.S)
"""What is said like this comes on top of a yes."""
_ONE_MORE = r"one more(?! (?:thing|question|note|detail))"
AS_WELL = re.compile(
    rf"\b(?:also|as well|plus|other|another|{_ONE_MORE}|"
    r"too(?! (?:early|late|soon|much|many|far|long|expensive|busy)\b))\b"
)
TOO = re.compile(r"\b(?:also|too|as well)\b")
ONE_MORE = re.compile(
    rf"\b(?:another (?:one|visit|appointment|appt|for)|{_ONE_MORE}|(?:needs?|wants?) one|"
    r"(?:and|also|plus|then|book|get|need) (?:(?:then|also) )?one (?:for|on|at|next|tomorrow|too|as well|[0-9]|"
    r"(?:mon|tue|wed|thu|fri|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*)|"
    r"second (?:one|visit|appointment|appt|house|home|property|place|unit|address))\b|"
    r"^(?:and|plus|also|\+|&) (?:then )?an? (?!little|bit|day|week|hour|half|friend|dog|cat)[a-z]"
)
"""A visit besides another one, by whatever time."""
BETTER = re.compile(
    r"\b(?:better|best|easier|instead|rather|prefer\w*|suits?|works?|"
    r"(?:is|would be|'?s|are) (?:also |too )?(?:ok|okay|fine|good|great|possible|perfect))\b"
)
"""What is said like this weighs one time against another, and is no visit besides."""
THE_ONE = re.compile(r"\b(?:the|my|our) (?:\w+ ){0,2}\w+")
HAS_ONE = re.compile(
    r"(?:^|[,.;] ?|\b(?:and|but|as|since|because|that) )(?:i|we)(?:'ve)? (?:also |already )?(?:have|got|had)\b"
)
"""A visit that is told of, and not asked for."""
BOOKS = re.compile(
    r"\b(?:book|schedule|reserve|set up|agendar|reservar)\b|\b(?:need|want|like|get) (?:an?|two)\b|"
    r"\b(?:two|2) (?:appointments|appts|visits)\b"
)
_DAY = "mon|tue|wed|thu|fri|sat|sun|today|tomorrow"
KEPT_ONE = re.compile(
    r"\b(?:but )?(?:(?:keep|leave|don'?t (?:cancel|touch|move|(?P<unwanted>want|like))) (?:the |my )?|not (?:the|my) |"
    r"(?:all|everything|every (?:one|visit|appointment|appt|booking))"
    r"(?: (?:of )?(?:them|these|those|(?:my|the|our)(?: \w+)?))?,? (?:but|except|apart from)(?: for)? (?:the |my )?)"
    r"(?P<kept>[^,.;!\n]+?)(?=$|[,.;!\n]| (?:but|then|to) | (?:please |pls |just )?(?:cancel|move|book)\b|"
    rf" and (?!(?:(?:the |my |on )+\w+|(?:{_DAY})\w*)(?: (?:one|visit|appointment|appt))?\W*$))",
    re.I,
)
"""What is named to say that it stays as it is; or that it is not wanted, which beside a request says so of another."""

ONE_ON_DAY = re.compile(
    r"\b(the|my|that) ((?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)(?:day|nesday|urday)?|today'?s?|tomorrow'?s?) one\b",
    re.I,
)
VISIT_ON_DAY = r"\1 \2 visit"
"""The Tuesday one is no hour of that day."""
JOINING = re.compile(r"^(?:(?:and|so|also|then) )+")

APPT = (
    r"(?:appointments?|appts?|apts?(?! ?#? ?[0-9]+[a-z]?\b(?!:| ?[ap]\.?m)| [b-h]\b)|appoinments?|appointmnts?|"
    r"bookings?|reservations?|visits?|citas?)"
)
"""A visit, in short too, unless it is an apartment by its number."""
OWN = re.compile(
    rf"\b(?:my|our|the|mi|an? existing) (?:\w+ ){{0,3}}{APPT}\b|\b(?:cancel|move|reschedule|change) {APPT}\b"
)

PHONE = re.compile(r"(?<![\d-])(?:\+?1[-. ]?)?(?:\(\d{3}\)|\d{3})[-. ]?\d{3}[-. ]?\d{4}(?!\d)")

PERSON = re.compile(
    r"^(?:a )?(?:person|human|agent|representative|rep|operator|receptionist|persona|(?:please )?help me|"
    r"i need help)\b|"
    r"\b(?:talk|speak|chat|hablar|conversar) (?:to|with|con)\b(?! (?:my|our|mi|nuestr\w+) )|"
    r"\b(?:real|live|actual|another) (?:person|human|agent)\b|"
    r"\b(?:need|want|get|get me|like) (?:a|an|to get a) (?:person|human|agent|representative|rep|operator|manager)\b|"
    r"\bcall me(?: back| please| about| when| at| on| in| asap| now| today| tomorrow| later| after| before| between|"
    r" tonight| this| any ?time| some ?time| next (?:week|month)| the day after|"
    r" (?:next )?(?:mon|tues?|wednes|thurs?|fri|satur|sun)day| \(?\d|$|[.!?,])|"
    r"\b(?:need|want|like|prefer) a (?:phone )?call\b|"
    r"\bcall ?back\b|"
    r"\b(?:give|gimme) (?:me )?a (?:call|ring|buzz)\b|\bphone me\b|\bring me\b|"
    r"\bll[aá]m[ea](?:n?(?:me|nos)|r(?:me|nos)?)\b|"
    rf"{CALL_ABROAD}|"
    r"\b(?:can|could|will|would|have|please have) (?:you|someone|somebody|anyone|u) (?:please )?(?:call|phone|"
    r"contact)\b"
)
NO_CALL = re.compile(r"(?<!\bwhy )\b(?:do ?n[o']?t|never|stop|no need to|without) (?:\w+ )?(?:call|phone|talk|speak)")
TOPICS = re.compile(
    r"\bhow much\b|\b(?:price|prices|pricing|cost|costs|fee|fees|charge|charges|quote|estimate|discount|coupon)\b|"
    r"\b(?:licen[sc]ed|insured|insurance|warrant[yi]\w*|guarante\w*|refund\w*|invoice|receipt|payment|pay by|"
    r"polic(?:y|ies))\b|"
    r"\b(?:is it|are they|are the \w+|is this) safe\b|\bsafe for\b|\bpet[- ](?:safe|friendly)\b|"
    r"\bhow long (?:does|will|is)\b|"
    r"\b(?:in|to|into|under) (?:his|her|their|another) name\b|"
    r"\b(?:change|update|correct|wrong|fix) (?:the |my )?(?:name|address|phone|email|number)\b|"
    r"\bdo (?:you|they) (?:\w+ )?cancel\b|\bwhat happens (?:if|when)\b|"
    r"\bif (?:i|we) (?:(?:have to|had to|need to|want to|must|then|later|just) )*cancel\b|"
    r"\bwhat do i need\b|\bwhat should i\b|\bcu[aá]nto cuesta\b|\bprecio\b|"
    r"\b(?:running (?:\w+ ){0,3}late|(?:be|am|i'?m) (?:\w+ ){0,2}late|on (?:his|her|their|the) way|"
    r"where is (?:he|she|the tech\w*|the guy)|lleg[oa]\w* tarde|voy tarde)\b"
)
LATE = re.compile(r"\blate\b")
LEAST_QUESTION_WORDS = 3
ABOUT_TIMES = re.compile(
    r"\b(?:any(?:thing|one|body)?|some(?:thing|one|body)|openings?|slots?|times?|availab\w*|free|open|earlier|later|"
    r"sooner|come|else|yes|no|ok|okay|there)\b"
)
TAG = re.compile(
    r"(?:(?:is|would|will|does|do|can|could|how) )?(?:that|it|this|you|u|we|i)\b(?: \w+){0,4} "
    r"(?:ok|okay|works?|possible|fine|good|alright|right|doable|make it|suit|do|sound)(?: (?:for|with) \w+)?\W*"
)
"""A question that asks for a yes to what was said before it."""
NOT_CANCEL = re.compile(
    r"\b(?:do ?n[o']?t|never|not|no need to) (?:\w+ ){0,2}cancel|\b(?:keep|leave) (?:my|the) " + APPT + r"|"
    rf"\b{APPT} (?:still )?(?:stays?|stands?|remains?)\b"
)
CANCELS_NOW = re.compile(r"(?:^|[,.;!\n]|\b(?:and|but|just|please|pls|then|to|you|instead)\b)\s*cancel\b")
"""A request to cancel, where something else in the text shall stay."""
MOVE = re.compile(
    r"\bre-?schedul\w*\b|\bre-?book\w*\b|^(?:change(?! of plans?\b)|move|moving|postpone)\b|\bpostpone\b|"
    r"\b(?:change|move|switch|shift|push|bump|swap) "
    rf"(?:it|me|my|the|our|this|that|them|both|all|to|back|time|day|date|{APPT})\b|"
    r"(?:^|[,.;!?\n] ?|\b(?:hi|hey|hello|please|pls|to|(?:can|could) (?:you|we|i)|and|so|just) )"
    rf"(?:change|move|switch|shift|push|bump|swap) (?:{_DAY})\w*\b|"
    rf"\b(?:another|different|new|other|better) (?:day|time|date) for my\b|\b(?:cambiar|mover|reprogramar)\b"
)
INSTEAD_OF_IT = re.compile(r"\binstead\b")
CANCELS_ONE = re.compile(r"\bcancel (?:my|our|the) \w+")
MOVES_ONE = re.compile(
    r"\b(?:move|reschedule|change|push|switch|shift|bump|swap|postpone) (?:my|our|the) (?!time|day|date|hour)\w+|"
    r"\b(?:move|reschedule|push|shift|bump|postpone) (?!(?:it|this|that|them|these|those|to|me|us|back|up|down|out|on|"
    r"for|by|until|all|both|my|our|the|an?|everything|times?|days?|dates?|hours?)\b)[a-z]+"
)
OTHER_ONE = re.compile(
    r"\b(?:the|my) other (?:one|visit|appointment|appt|booking)\b|^other one\b|\b(?:the|my) other(?= to\b|\W*$)"
)
WISHES_FOR = re.compile(
    r"\b(?:i|we)(?:'d| would|'ll)?(?: \w+)? (?:need|want|like|have to get)\b|^\W*(?:need|want)\b|"
    r"\b(?:can|could|will|would) (?:you|u|i|we)\b|"
    r"\b(?:do you have|is there|when (?:can|could|do)|book|schedule|add|get me|give me|send)\b"
)
"""Something is asked for, and not only told of."""
PLEASE = re.compile(r"\b(?:please|pls|plz)\b")
STATUS = re.compile(
    rf"\b(?:when|where|what time|what day|which day|whats|what'?s|cu[aá]ndo|cu[aá]l es|a qu[eé] hora)\b"
    rf".{{0,40}}(?:\b{APPT}\b|"
    r"\b(?:mine|scheduled|booked|i booked|coming)\b)|"
    rf"\b(?:do|did|have|am) i\b.{{0,25}}(?:\b{APPT}\b|\b(?:booked|scheduled|down for)\b)|"
    rf"\b{APPT}\b.{{0,20}}\b(?:still on|confirmed|status|details|info|right)\b|\bstatus\b|\bstill on\b|"
    rf"\b(?:confirm|check|see|show|find|look up|verify|forgot|remind me of)(?:ing)? (?:on )?(?:my|"
    rf"the) (?:\w+ )?{APPT}|"
    rf"^(?:my|mi) {APPT}\W*$|^when\W*$|\bremind me when\b|\b(?:confirmation|reference) (?:number|code|no\b|#)"
)
IS_BOOKED = re.compile(
    rf"\b(?:is|was) (?:my|our|the) (?:\w+ )?{APPT}\b|\b(?:did|has) (?:it|that) (?:go|gone) thr(?:ough|u)\b|"
    r"\b(?:is|was) (?:it|that|this) (?:booked|confirmed|done|cancell?ed|moved)\b|"
    r"\b(?:can|could) you (?:please )?confirm\b(?! (?:the|your|what|how|price))|"
    r"\bwhat(?:'?s| is| was) (?:the|my) (?:reference|confirmation)\b|\b(?:are (?:you|they)|is (?:he|she|"
    r"\w+)) still coming\b|"
    r"\b(?:is|will) (?:it|that|this) (?:be )?(?:still )?with \w+(?: \w+)?\?|\bstill (?:good|ok|okay|happening|set|"
    r"a go)(?: for (?:me|us|you))?\?|\bwho(?:'?s| is| will be)? coming\b|"
    r"\b(?:am i|are we) (?:all )?(?:set|good|confirmed|booked)\b|"
    rf"\bi (?:think|believe) (?:i|we) already (?:have|got|booked) (?:an?|one|my) (?:\w+ )?{APPT}\b|"
    r"^(?:so )?(?:when|what (?:time|day))(?:'?s| is| was) (?:it|that)\b|"
    r"\b(?:when|what time|what day) (?:are|r|will) (?:you|u|they)(?: guys| be| all)* "
    r"(?:coming|here|there)\b(?! (?:until|till?|from|between|(?:to|for) (?:\w+ ){0,2}neighbou?r))|"
    r"\bwhich (?:ones?|appointments?|appts?|visits?) (?:do|have) (?:i|we)\b(?! (?:need|have to|want|pick|choose))"
)
OPENINGS = re.compile(
    r"\b(?:can i|could i|can you|could you|can we|are you|do you have|is the (?:next|soonest|earliest)|availab\w*|"
    r"next opening|get an|make an|book an?|need an|want an)\b"
)
BOOK = re.compile(
    rf"\b(?:book|booking|schedule|scheduling|set up|{APPT}|availab\w*|openings?|open (?:times?|slots?)|"
    r"free (?:times?|slots?)|are you free|(?:any|what) times|come out|come by|reservar|agendar|quiero una cita)\b"
)
ABORT = re.compile(
    r"^(?:never ?mind|nvm|forget (?:it|about it|that)|leave it|no,? thanks?|no,? thank you|no thx|no gracias|not now|"
    r"not interested|cancel (?:that|this|it)(?! (?:appointment|appt|booking))|start over|restart|reset|"
    r"(?:(?:no|please|pls|sorry|wait),? )*(?:do ?n[o']?t|do not) (?:book|schedule) (?:it|that|this)"
    r"(?=(?:,? (?:please|pls|thanks|any ?more|after all|sorry))*\W*$)|"
    r"i changed my mind|olv[ií]dalo|nothing(?! (?:works|fits|suits|open|free|before|after|earlier|later|until)))\b"
)

YES = re.compile(
    r"(?:yes+|y|ye|yea+|yeah+|yea?p+|yep|yup|ya|yass*|yessir|sure|ok+|okay|okey|k|kk|okie|alright|correct|right|"
    r"that'?s right|"
    r"confirm(?:ed)?|sounds? (?:good|great|perfect|fine)|perfect|great|excellent|awesome|cool|good|fine|do it|"
    r"book(?: it)?(?=\W*$)|book it|"
    r"go ahead|please do|absolutely|definitely|of course|for sure|that works|(?:that'?s|thats|that is) (?:fine|"
    r"good|great|perfect)|works for me|works|"
    r"let'?s do (?:it|that)|i confirm|deal|bet|s[ií]|claro|dale|vale|de acuerdo|affirmative|10-4)(?![\w'-])"
)
YES_THEN = re.compile(
    rf"{YES.pattern}(?:,? (?:please|pls|plz|thanks|thank you|thx))*(?P<gap> +)(?=.*(?:{AS_WELL.pattern}))", re.S
)
"""A yes with something besides right after it: "yes wednesday too"."""
NO = re.compile(
    r"(?:(?:please|pls|plz|oh|um+|hmm+|just|then|i said) )*"
    r"(?:(?:i\b[\w' ]{0,16})?keep (?:it|that|them|my|the)|"
    r"no+|nope|nah|naw|n|not|don'?t|dont|do not|never ?mind|nvm|nm|negative|wrong|incorrect|wait|hold on|stop that|"
    r"leave it|none|neither)(?![\w'-])"
)
NEGATION = re.compile(r"\b(?:do ?n[o']?t|no|not|never|can'?t|cannot|can not|won'?t|wait|hold on|nope|nah)\b")
"""Inside a yes it makes that yes one that nothing is done upon."""
TURNS = re.compile(
    r"\b(?:keep|leave|forget|think|ask|check|elsewhere|instead|but|too|wrong|whatever|stop|bye|later|mind|expensive|"
    r"call|see you|be there|why|who|how|do you|you want)\b"
)
"""What makes a yes the beginning of something else."""
NO_BUT_FINE = re.compile(
    r"\b(?:not? (?:a )?(?:problem|worries|rush|pb|prob|big deal)|no (?:dogs?|cats?|pets?|gates?|code|alarm)|"
    r"not (?:sure|bad)|do ?n[o']?t worry|why not|"
    r"can'?t wait|wait(?:ing)? for)\b"
)
CANCEL_IT = re.compile(r"(?:please |pls )?(?:(?:no,? )?just )?cancel(?: (?:it|that|this))?(?: please| pls)?[.! ]*")
"""In answer to whether it is to be cancelled that is a yes."""
NOT_TO_CANCEL = re.compile(
    r"\b(?:do ?n[o']?t|do not|never|not) (?:\w+ ){0,2}cancel|\bkeep (?:my|the) (?:\w+ ){0,2}" + APPT + r"|"
    r"\b(?:do ?n[o']?t|do not)(?: (?:do|touch) (?:it|that|this))?(?: please| pls)?\W*$"
)
"""In answer to whether it is to be cancelled that is a no, whatever stands before it."""
KEEPING = re.compile(
    r"\bkeep\b|\bleave (?:it|that|my|the)\b|\bstill (?:\w+ )?(?:want|need|come|coming|works?|on)\b|"
    r"\b(?:want|need) (?:it|that|this|you|him|her|them)\b|\b(?:i'?m|i am|we'?re|we are|be) (?:\w+ )?coming\b|"
    r"(?:^|\b(?:to|please|pls|will|can|'?ll|you|ok|okay|yes|sure|good|but|do|let \w+) )come\b(?! (?:back|up|another))|"
    rf"\b(?:want|need|do|have|like|ahead with|proceed with) (?:my|the|that|this|our) (?:\w+ ){{0,2}}{APPT}\b|"
    rf"\b(?:it|that|{APPT}) (?:still )?(?:stands?|stays?|remains?)\b|"
    r"(?:'ll|\bill|\bwill|\bcan) be (?:home|there|here)\b|"
    r"\bcan make it\b|\b(?:we|it)(?:'?re|'?s| is| are) (?:still |all )?on\b|\bsee (?:you|u|ya) (?:then|there|soon)\b|"
    r"\b(?:works|is (?:good|fine|great|perfect))(?: for (?:me|us))?\W*$"
)
"""In answer to whether it is to be cancelled that is a no, where nothing in it says the opposite."""
LEAVES = re.compile(r"\b(?:leave|keep) (?:it|that|my|the)\b|\bthat'?s (?:fine|ok|okay)\b|\b(?:never ?mind|forget it)\b")
"""Beside a no, while another time is looked for, the visit stays where it is."""
NOT_KEEPING = re.compile(r"n't\b|\b(?:dont|cant|wont|cannot|not|never|no longer|cancel\w*)\b")
CONDITION = re.compile(
    r"\b(?:if(?! possible\b)|unless|only when|as long as|maybe|depends|not sure|dunno|don'?t know)\b"
)

OTHER_DAY = re.compile(
    r"\b(?:(?:an)?other|different|diff) (?:day|date)s?\b|\bnot that day\b|\botro d[ií]a\b|\bdo(?:es)? ?n[o']?t work\b|"
    r"\bnothing (?:works|fits|suits)\b"
)
EARLIER = re.compile(r"\b(?:too late|not (?:that|so) late|earlier|sooner|before (?:that|then|those)|m[aá]s temprano)\b")
LATER = re.compile(
    r"\b(?:too early|not (?:that|so) early|"
    r"none(?: of (?:these|those|them|the above))?|neither|later|"
    r"more(?: times| options)?(?! (?:thing|question|note|detail))|others?|"
    r"other (?:times?|options)|"
    r"(?:an)?other (?:time|slot)s?|different times?|anything else|what else|else|after (?:that|then|those)|"
    r"can'?t do any|"
    r"no(?:t)? (?:any|those|these)|m[aá]s tarde|ninguno)\b"
)

IT = re.compile(r"\bit\b")
THIS_ONE = re.compile(r"\b(?:it|that|this)\b")

THANKS = re.compile(
    r"\b(?:thanks?|thank (?:you|u)|thx|thnx|tks|ty|tysm|tyvm|gracias|appreciate (?:it|you)|cheers|merci)\b"
)
CLOSING = re.compile(
    r"(?:(?:ok+|okay|k|kk|cool|great|perfect|awesome|nice|good|got it|gotcha|sounds good|see (?:you|u|"
    r"ya)(?: then| soon)?|bye|"
    r"goodbye|take care|have a (?:good|great|nice) (?:day|one|night|weekend)|will do|no (?:problem|worries)|alright|"
    r"thanks?|thank (?:you|u)|thx|ty|tysm|so much|very much|a lot|again|all good|yes|yep|yeah|y|yup|sure|no|nope|"
    r"that'?s all|that is all|nothing else|appreciate it|you too|lol|haha|same|gracias|adi[oó]s|excellent|"
    r"love it|"
    r"wonderful|done|noted|all set|i'?m good|im good|we'?re good)(?:\W+|$))+"
)
WISHES = re.compile(
    r"\b(?:have an? (?:good|great|nice|wonderful|blessed|lovely|safe)|enjoy (?:the|your)) (?:rest of (?:the|your) )?"
    r"(?:[a-z]*day|night|evening|afternoon|morning|week(?:end)?|holidays|thanksgiving|christmas)\b(?! time| sl| sp)|"
    r"\b(?:happy|merry) (?:thanksgiving|christmas|xmas|holidays?|new year|easter|turkey day)\b|\bgood night\b",
    re.I,
)
"""They name no time."""
ASKING = re.compile(
    r"(?:whats?|why|hows?|whos?|which|wheres?|whens?|(?:do|are|can|could|will|would) (?:you|u|ya|he|she|they)|does|"
    r"is (?:it|there|this|that)|would it|will it|(?:do|should|can|could) (?:i|we)|can my|may i|am i|"
    r"qu[eé]|c[oó]mo)\b"
)
GREETING = re.compile(
    r"(?:hi+|hey+|hello+|helo|hola|good (?:morning|afternoon|evening|day)|howdy|greetings|what'?s up|yo|"
    r"buenos d[ií]as|buenas)\b"
)
SAME = re.compile(r"\bsame (time|hour|day)\b")
SAME_DAY = re.compile(r"\b(?:(?:the )?same|that) day\b|\bin the day\b")
PUZZLED = re.compile(
    r"(?:\?\W*|(?=\w))(?:(?:(?:ok|okay|yes|no|right|sorry|really)(?=\W*\?)|"
    r"(?:what|wat|wut|huh|pardon|come again|say again|wdym|"
    r"(?:(?:are )?(?:you|u)|any(?:one|body)) (?:still )?there|what do you mean|what does that mean|"
    r"i do ?n[o']?t (?:understand|get it)|"
    r"is (?:that|it|this) (?:in the )?(?:am|morning) or (?:in the )?(?:pm|afternoon))\b)\W*)*"
)
"""They did not follow, and want to hear it again."""
NOT_YET = re.compile(
    r"\W*(?:(?:ok+|okay|hmm+|um+|well|sure|one sec|hold on|hang on|wait)\W+)*(?:(?:(?:let me|"
    r"i(?:'ll| will| need to| have to)|need to|"
    r"have to|gotta) (?:just )?(?:check|see|think|look|ask|talk|speak)|i (?:ask|talk|speak)|"
    r"i(?:'ll| will) (?:let (?:you|u) know|get back to (?:you|u))|not (?:just )?yet)"
    r"(?: (?:about|with|to|at|it|that|this|on|over|my|the|calendar|schedule|husband|wife|"
    r"partner|boss|landlord|first|back|later))*|(?:just )?(?:(?:give|gimme) (?:me )?)?(?:one|a) (?:sec|second|moment|"
    r"min|minute)|brb|hold on|hang on)(?: (?:please|pls|and get back to you|then))*\W*"
)
"""They will answer later."""
PICKS_AND_CANCELS = re.compile(r"\W*[1-9]\W*(?:and|but|then|n|also)? ?(?:then )?cancel #?[1-9]\W*")
"""What can be of two offered times, or of one of them and of a visit."""
START = re.compile(r"\W*(?:start|unstop)\W*")
"""They get texts, and want to."""
BACK = re.compile(
    r"\b(?:put|move|change|switch|set|book) (?:it|that|this|my \w+)(?: right)? back\b(?! (?:to|for|by|on|an?|[0-9]))|"
    r"\b(?:undo|revert) (?:it|that|this)\b|\bdid ?n[o']?t mean (?:it|that|to)\b|"
    rf"\bwant (?:it|my {APPT}) back\b|"
    r"^\W*(?:(?:oh|sorry|oops|omg|shit|actually)\W+)*(?:(?:wait|hold on)\W+no+|no+\W+(?:wait|hold on)|oh no)\W*$"
)
"""What was moved or cancelled last shall be as it was."""
WHO = re.compile(r"(?:sorry,? )?(?:who (?:is|are|r) (?:this|you|dis)|who'?s (?:this|that)|what is this)\W*")
LATER_ONE = re.compile(
    r"\b(?:the )?(?:later|latter|latest|last) (?:one|of the two|time|slot|appointment)\b|^(?:the )?latter\W*$"
)
EARLIER_ONE = re.compile(
    r"\b(?:the )?(?:earlier|former|earliest) (?:one|of the two|time|slot|appointment)\b|^(?:the )?former\W*$"
)
ALL = re.compile(r"\b(?:both|all(?: of (?:them|those|these))?|everything|ambas|todas)\b")
ABOUT_VISIT = re.compile(
    r"(?:^|[.!?,;\n] *)(?:and |so |but )?(?:do|does|did|will|should|is|are|am|what|when|where|who|why|how)\b"
    r"(?! about\b)"
    r"(?!.*\b(?:we|it|instead|available|open|free|possible|works?|ok|okay|better|have|come)\b)"
)
"""A question about the visit that is booked, and not for another time."""
SEVERAL = re.compile(r"\b(?:both|all|appointments|appts|visits|bookings)\b")
ASSENT = re.compile(r"(?:y|ye|yes+|yea+h*|yep|yup|sure|s[ií]|claro|please|yes please)\b")
"""A yes that is more than an "ok": it answers a question."""
_NEAR = r"(?:\w+[- ]in[- ]law|sister|brother|friend|neighbou?r|tenant|aunt|uncle|cousin)"
_FOR_THEIRS = (
    rf"(?:for (?:my|our) (?:{_NEAR}|mom|mum|mother|dad|father|parents?|son|daughter|grand\w+)s?|"
    rf"(?:my|our) {_NEAR}(?: \w+){{0,2}}? (?:needs?|wants?|would like|likes?)|"
    rf"(?:can|could) (?:my|our) {_NEAR} (?:have|get))"
)
FOR_THEIRS = re.compile(rf"\b{_FOR_THEIRS}\b")
AGAIN = re.compile(
    r"\b(?:another (?:one|visit|appointment|appt)|one more|also|as well|too(?=\W*$|[,.;!?]| (?:please|pls|thanks?)\b)|"
    r"in addition|same (?:\w+ )?again|(?:needs?|wants?) one|"
    r"second (?:one|visit|appointment|appt|house|home|property|place|unit|address)|"
    rf"{_FOR_THEIRS})\b"
)
"""One besides the one that is booked."""
REACTION = re.compile(r"(?:liked|loved|laughed at|emphasized) \".*\"", re.I | re.S)
"""A sign that was put under a text of ours, as phones send it that cannot show one."""
RUDE = re.compile(
    r"\b(?:f+u+c+k\w*|fck|fuk|stfu|wtf|shit\w*|bullshit|asshole|idiots?|stupid|useless|dumb\w*|moron|bitch|crap|"
    r"sucks?|damn)\b"
)
FOREIGN_WORDS = 2
FOREIGN = re.compile(
    r"\b(?:hola|quiero|necesito|puedo|cuando|cuándo|gracias|por favor|para|una|tengo|hay|mi casa|hormigas|usted|"
    r"ustedes|"
    r"español|habla|hablan|buenos|buenas|bonjour|je|voudrais|rendez-vous|vous|merci|est|les|une|ich|und|bitte|einen|"
    r"termin|haben|quero|preciso|obrigado|você|uma|que|como|donde|dónde|esta|está|con)\b"
)
