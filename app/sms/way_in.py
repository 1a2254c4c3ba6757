"""What is told for whoever comes: how to get in, who and what is there, how to reach them. Known by its shape alone.

Only what has such a shape to its end is one: of what is said in other words nobody knows whether it is a wish.
"""

import re
from collections.abc import Callable

from app.sms.tidings import EMAIL, PLACE
from app.sms.told_as_bad import HATES, IS_BAD
from app.sms.vocabulary import PHONE

MAX_READ_CHARS = 600
"""Of a longer text nothing is taken away: it is no yes with a word about the gate beside it."""


def _any(words: str) -> str:
    """One of these words."""
    return f"(?:{'|'.join(words.split())})"


_THE = rf"(?:{_any('the my our a an your his her their ur')} )?"
_IS = r"(?:'s|'re| is| are| r| was| will be|'ll be| should be| stays?| gets?)?"
_LIKE_THIS = _any(
    """
    front back side rear left right main top upper lower spare extra big small little old car truck house home
    garage gate door garden yard kitchen master guest visitor street red blue green white black yellow brown gray
    grey orange pink purple tan beige brick wooden wood metal iron glass corner last private hall bed living dining
    laundry utility service staff basement upstairs downstairs crawl screen storm patio pool flower plant welcome
    trash garbage recycling meter electric fuse breaker cup glove mail parking double sliding french hot water
    ground
    """
)
_LIKE = rf"(?:{_LIKE_THIS} )*"
_SPOT = _any(
    """
    mats? doormat rugs? pots? planters? rocks? stones? gnome frog statue mailbox box bin cans? bins? bush(?:es)?
    bench chairs? tables? counter shelf drawer desk window(?:s|sill)? sill ledge steps? stairs? staircase stairwell
    porch stoop patio deck balcony yard backyard frontyard garden lawn shed barn fence gates? garage carport
    driveway drive doors? entrance lobby reception office building house home trailer kennel crate cage pen coop run
    room bedrooms? bathrooms? kitchen pantry attic basement cellar hallway hall closet laundry living dining den
    loft sink fridge stove oven dishwasher island cabinets? cupboards? walls? floors? ceiling baseboards? roof eaves
    gutters? foundation siding tub shower toilet vanity street curb road alley corner lot spots? space bays? meter
    panel hook nail holder visor console glovebox seat trunk tire wheel bumper lockbox elevator lift church school
    park bridge pool hydrant tree trees sign side front back rear left right end top bottom block spa tent flowerpot
    flowerbed beds? dash(?:board)? tank heater
    """
)
_FREE = (
    r"(?!(?:\w*days?|\w*times?|weeks?|months?|hours?|visits?|mornings?|afternoons?|evenings?|nights?|noon|"
    r"appointments?|appts?|others?|one|ones|first|next|same|new)\b)[a-z]+"
)
"""Behind a word for where it lies, any one thing: "under the cactus"."""
_NEAR_A_THING = (
    r"(?:under|underneath|beneath|behind|beside|inside|below|above|next to|in front of|across from|on top of|across)"
)
_BY_A_THING = (
    r"(?:in|into|on|onto|at|by|near|around|round|through|thru|from|off|over|to|past|along|against|via|between)"
)
_ELSEWHERE = r"(?:to|at|in|into) (?:(?:the|my|our|your) )?(?:office|school|church|park|shop)\b"
"""Where somebody is to come to instead: that is another visit than the one that is asked about."""
_WHERE = (
    rf"(?:(?:right |just |all |out |down |up |over |straight |mostly |left |hanging |hidden |from )*(?!{_ELSEWHERE})(?:"
    rf"(?:{_NEAR_A_THING}|{_BY_A_THING}) {_THE}{_LIKE}{_SPOT}(?:,? (?:and|or|&) (?:in |on )?{_THE}{_LIKE}{_SPOT})?|"
    rf"{_NEAR_A_THING} (?:the|my|our|a) {_LIKE}{_FREE}|"
    r"(?:in|out|around|round|to) (?:the )?(?:back|front|side)|on (?:the|your) (?:left|right)(?: side)?|outside|"
    r"inside|"
    r"upstairs|downstairs|out there|indoors|outdoors))"
)
_PLACE_SAID = re.compile(rf"(?<![\w']){_WHERE}(?![\w'])", re.I)
_FIRST_SIGN = 0xE000
_SIGN = "[\ue000-\uf8ff]"
_SIGNED = re.compile(_SIGN)
"""Stands for a place that is named, each for its own; no text has such signs, which `cleaning.cleaned` takes away."""
_PLACES = f"(?: {_SIGN}){{1,3}}"
_MAYBE_PLACES = f"(?: {_SIGN}){{0,3}}"
_KIN = (
    r"(?:wife|husband|hubby|spouse|mom|mum|mother|dad|father|parents|sister|brother|son|daughter|kids?|friend|"
    r"partner|"
    r"neighbou?rs?|tenants?|roommate|boyfriend|girlfriend|fianc[eé]e?|landlord|super|nanny|sitter|cleaner|"
    r"housekeeper|"
    r"assistant|\w+[- ]in[- ]law|grandson|granddaughter|grandma|grandpa|uncle|aunt|cousin|renter|roomie)"
)
_SOMEBODY = (
    rf"(?:(?:the|my|our|a|an) (?:{_KIN}|manager|doorman|concierge|front desk|receptionist|guard|porter|secretary)|"
    r"somebody|someone)"
)
_WHOEVER = (
    r"(?:you|u|ya|y'?all|him|her|them|he|she|they|whoever comes|whoever is coming|(?:the|your) (?:tech\w*|guys?|"
    r"driver|"
    r"inspector|doctor|dr|vet|mechanic|plumber|man|lady|crew|team|person))"
)
_SIGNS = r"(?:[#*]|star|pound|hash|hashtag|asterisk|enter)"
_CODE = (
    rf"(?:{_SIGNS} ?)?(?:\d(?:[ -]?\d){{0,9}}[a-z]?|[a-z]{{1,2}}\d{{1,6}})"
    rf"(?:,? ?(?:(?:then|and|followed by|plus|and then) )?{_SIGNS}){{0,2}}(?: key)?"
)
_LOCK = (
    r"(?:gates?|doors?|garage|alarm|lock ?box|key ?box|key ?pad|key ?safe|safe|buzzer|intercom|entry|entrance|"
    r"building|bldg|"
    r"community|complex|access|call ?box|security|house|lobby|elevator|pin|lock)"
)
_LOCKS = rf"{_THE}(?:(?:front|back|side|main|rear) )*{_LOCK}(?: {_LOCK})*"
_CODE_TOLD = (
    rf"(?:(?:use|enter|punch in|dial|press|type|type in|put in) )?(?:"
    rf"(?:{_LOCKS} |{_THE})(?:code|cde|cod|pin|passcode|combo|combination)(?: (?:for|to|on|at|of) {_LOCKS})?"
    rf"(?: {_SIGN})?(?: is| will be|'s)? ?[:=]? ?{_CODE}|{_LOCKS}(?: is|'s)? ?[:=#]? ?\d{{3,8}}#?|"
    rf"(?:enter|punch in|dial|press) (?=\S*\d[ -]?\d[ -]?\d){_CODE}|(?:buzz|ring) {_CODE})"
    rf"(?: for {_LOCKS}| {_SIGN})?(?: to (?:get in|enter|open(?: it)?))?"
)
_ANIMAL = (
    r"(?:dogs?|doggo|doggy|pup|pups|puppy|puppies|cats?|kitty|kitties|kittens?|pets?|bunny|rabbits?|birds?|"
    r"parrot|chickens?|"
    r"horses?|goats?|pitbull|pit ?bulls?|lab|labrador|shepherd|chihuahua|husky|poodle|bulldog|retriever|animals)"
)
_ANIMALS = (
    rf"{_THE}(?:(?:\d|one|two|three|four|some|small|big|large|old|little|friendly|tiny|indoor|outdoor|german|"
    rf"golden|large) )*"
    rf"{_ANIMAL}(?: (?:and|n|&) (?:an? |the |my |our |\d |two )?{_ANIMAL})?"
)
_TEMPER = (
    r"(?:(?:is|are|r|will be|'s|'ll be|stays?|can be|should be)? ?(?:very |really |super |so |a bit |a little |"
    r"kinda |not |"
    r"always |all |too )*(?:friendly|nice|sweet|old|mean|loud|blind|deaf|shy|scared|scared of people|nervous|"
    r"anxious|harmless|"
    r"aggressive|protective|crated|caged|locked up|locked away|put away|put up|leashed|on (?:a|the) leash|tied up|"
    r"chained|home|with me)|"
    r"(?:(?:may|might|will|does) )?(?:barks?|bites?|jumps?)(?: (?:a ?lot|at (?:strangers|people|everyone|"
    r"everybody)|on people|"
    r"up))?|(?:does ?n'?t|do ?n'?t|won'?t|will not|does not) (?:bite|bark)|(?:loves?|likes?) (?:people|everyone|"
    r"everybody))"
)
_PETS = (
    rf"(?:be careful|beware|watch out|watch|careful|mind|be aware)(?: (?:of|for|with|"
    rf"about))? {_ANIMALS}{_MAYBE_PLACES}|"
    rf"(?:(?:i|we) (?:do )?(?:have|hav|got|own)|(?:i|we)'ve got|there(?:'?s| is| are|"
    rf"'re)) {_ANIMALS}(?:,? (?:but |and |who |"
    rf"that |she |he |they |it )*{_TEMPER})?{_MAYBE_PLACES}|"
    rf"{_ANIMALS}(?:{_IS}{_PLACES}| {_TEMPER}{_MAYBE_PLACES}(?: (?:but|and|so|n) (?:she |he |they |it )?{_TEMPER})?)|"
    rf"(?:don'?t|do not|dont|never) let {_ANIMALS} (?:out|loose|escape)|"
    rf"(?:i|we)(?:'ll|ll| will) (?:put|lock|keep|crate|leash|have) {_ANIMALS}(?: (?:away|up|inside|outside|"
    rf"crated|leashed))?"
    rf"{_MAYBE_PLACES}|(?:we|i) have no {_ANIMALS}"
)
_OPENING = (
    rf"{_THE}{_LIKE}(?:gates?|doors?|garage|fence|windows?|lock|lock ?box)"
    rf"(?:{_IS} (?:left |always |kept |usually |not |going to be )?(?:open|unlocked|locked|closed|shut|ajar|"
    rf"broken|stuck|jammed|"
    rf"propped open)|{_IS}{_PLACES})|"
    rf"(?:keep|leave) {_THE}{_LIKE}(?:gate|door)s? (?:closed|shut|open|unlocked|locked)|"
    rf"(?:close|shut|lock|latch) {_THE}{_LIKE}(?:gate|door)s?(?: (?:behind|after) you)?|"
    rf"(?:i|we)(?:'ll|ll| will) (?:leave|have|keep) {_THE}{_LIKE}(?:gate|door|garage)s? (?:open|unlocked|cracked)"
)
_KNOCK = rf"knock(?: (?:loud|loudly|hard|twice))?(?: {_SIGN})?"
_RING = (
    rf"(?:ring|buzz|use|press|hit) {_THE}(?:front |side |back )?(?:door ?)?(?:bell|buzzer|"
    rf"intercom|call ?box)(?: (?:twice|loudly))?"
    rf"(?: (?:for |number |no |#)?(?:unit |apt |apartment )?{_CODE})?|(?:ring|buzz|dial) (?:for )?(?:unit|apt|"
    rf"apartment|suite|"
    rf"number|no|#) ?{_CODE}"
)
_BELL = (
    rf"{_THE}(?:door ?)?(?:bell|buzzer|intercom|doorbell)(?:(?:'?s| is| are) (?:broken|busted|out|dead|"
    rf"not working|disconnected)|"
    rf" (?:doesn'?t|does not|do ?n'?t|isn'?t|ain'?t|wont|won'?t) (?:work|working|ring))(?:,? (?:so |and |just |"
    rf"please |pls )*"
    rf"{_KNOCK})?"
)
_PARKING = (
    rf"park(?: (?:it|your (?:car|truck|van)|the (?:car|truck|van)))?(?:{_PLACES}| anywhere)|"
    rf"{_THE}(?:visitor |guest |street |free |public )*parking(?: (?:lot|spot|space|garage))?(?:'s| is|"
    rf" is available)?"
    rf"(?:{_PLACES}| (?:ok|fine|free|easy|tight|limited)(?:{_MAYBE_PLACES}))|"
    rf"(?:there(?:'?s| is)|we have|use) {_THE}(?:visitor |guest |street |free |plenty of |lots of |public )*parking"
    rf"{_MAYBE_PLACES}"
)
_ENTER = (
    rf"(?:use|take) (?:the|my|our) {_LIKE}(?:doors?|gates?|entrance|entry|bell|elevator|lift|stairs|buzzer|"
    rf"driveway|intercom|"
    rf"call ?box|key|keypad|alley|ramp|path){_MAYBE_PLACES}|"
    rf"(?:(?:come|enter|go|walk|drive|pull|head)(?: (?:in|up|around|round|on in|right in|over))*{_PLACES})|"
    rf"(?:come|go|walk) (?:on |right )*in|turn (?:left|right){_MAYBE_PLACES}"
)
_KEYS = rf"{_THE}(?:(?:front|back|side|main|spare|extra|car|house|home|truck|gate|garage|door) )*keys?(?: fob)?"
_KEY = (
    rf"{_KEYS}{_IS}(?: (?:hidden|left|hanging|waiting|taped|kept|stashed))?(?:{_PLACES}|"
    rf" with {_SOMEBODY}{_MAYBE_PLACES})|"
    rf"(?:(?:i|we)(?:'ll|ll|'ve|'m going to| will| have)? )?(?:leave|left|hide|hid|put|drop|dropped|get|grab|"
    rf"leaving) {_KEYS}"
    rf"(?: out)?(?: for {_WHOEVER})?(?:{_PLACES}| with {_SOMEBODY}{_MAYBE_PLACES})|{_SOMEBODY} (?:has|have) {_KEYS}"
)
_PRESENT = (
    rf"(?:{_SOMEBODY}|i|we)(?:'ll| will|ll|'s going to| is going to) be (?:home|there|here|in|around|"
    rf"waiting|{_SIGN})(?: (?:to let (?:you|him|her|them) in|waiting))?|(?:i'?m|we'?re|{_SOMEBODY}(?: is|'s)) home|"
    rf"{_SOMEBODY} (?:will|can|ll|is going to|gonna) (?:let|meet|show) {_WHOEVER}(?: (?:in|around|"
    rf"where it is))?{_MAYBE_PLACES}|"
    rf"(?:i|we)(?:'ll|ll| will| can) (?:let|meet) {_WHOEVER}(?: in)?{_MAYBE_PLACES}|"
    rf"{_SOMEBODY} (?:will|can) (?:open|answer)(?: (?:up|the door|the gate))?|"
    rf"ask for (?:{_SOMEBODY}|[a-z]+(?= {_SIGN})){_MAYBE_PLACES}"
)
_APART = r"(?:min(?:ute)?s?|mins?|m)"
_NEARLY = (
    r"(?:(?:about to|almost|nearly|getting|get|gets|be|close to|just) )*(?:near(?:by)?|close(?: by)?|here|there|"
    rf"{_SIGN}|(?:at|to|in) (?:the|my|our) (?:place|area|neighborhood)|on (?:the|your|ur|his|her|their|"
    rf"my) way(?: (?:here|over))?|omw|arriv(?:e|es|ing|ed)|(?:head|leav|com|pull)(?:ing|in)"
    r"(?: (?:over|out|here|up|to me|to us|my way|this way))?|(?:come|comes|leave|pull up|head over|"
    r"set off)(?: (?:over|here|out|by|round))?|"
    rf"(?:\d+|five|ten|fifteen|twenty|thirty|a few) ?{_APART} (?:away|out)|half an hour (?:away|out)|"
    rf"an hour (?:away|out))"
)
_ONCE_NEAR = (
    rf"(?:(?:(?:when|wen|whn|once|as soon as|right before|just before|before|b4|if|whenever) )(?:(?:{_WHOEVER})"
    rf"(?:'?re|'?s| are| r| is)? )?{_NEARLY}|(?:when|once|before) ur {_NEARLY}|before arrival|"
    rf"(?:about |like |at least )?(?:\d+|five|ten|fifteen|twenty|thirty|a few|half an|an) ?(?:{_APART}|hour|"
    rf"hr) (?:before|b4|prior|"
    rf"ahead|out|away)(?: (?:of time|arrival|arriving|coming|to arrival|{_WHOEVER}(?:'re)? {_NEARLY}))?|"
    r"on (?:the|your|ur|his|her|their) way|omw|(?:up)?on arrival|ahead|"
    r"if (?:you|u|he|she|they)(?:'re| are|'s| is| r|'?ll be| get)? (?:running )?(?:late|lost)|"
    r"if (?:you|u|he|she|they) (?:can'?t|cannot|dont|don'?t) (?:find|see) (?:it|us|me|the (?:house|place|door|"
    r"gate|building))|"
    r"if (?:no ?(?:body|one)) (?:answers|opens|is (?:there|home)))"
)
_CALL = (
    r"(?:(?:you|u|he|she|they) can )?(?:(?:call|text|txt|tex|ring|phone|buzz|msg|message)"
    rf"(?: me| us| my cell| my phone| my {_KIN})?|(?:give|gimme|shoot|send|drop)(?: (?:me|us))? "
    rf"(?:a )?(?:quick )?(?:call|ring|text|txt|buzz|heads up|shout)|"
    rf"let (?:me|us) know|honk)(?: (?:at|on) {PHONE.pattern})? {_ONCE_NEAR}"
)
_MAY_CALL = (
    r"(?:can|could|will|would) (?:you|u|he|she|they|someone|somebody|the (?:tech\w*|guy|driver)) (?:please |pls )?"
    f"{_CALL}"
)
_REACH = (
    rf"(?:(?:the best |best |my|our|the|{_SOMEBODY}(?:'?s)?|his|her) )?(?:(?:best|cell|mobile|phone|home|"
    rf"work) )?(?:cell|phone|"
    rf"mobile|number|contact|#)(?: (?:to (?:reach|call|text) (?:me|us)(?: (?:at|on))?))?(?: is|"
    rf"'s)?:? ?{PHONE.pattern}|"
    rf"(?:(?:you can )?reach (?:me|us|{_SOMEBODY}) (?:at|on) )?{PHONE.pattern}|"
    rf"(?:(?:my |the |our )?e-?mail(?: address)?(?: is|'s)?:? ?)?{EMAIL}[\w.-]*"
)
_NO_MORE = r"(?<!and )(?<!also )(?<!plus )(?<!& )"
"""Behind such a word a place is one more."""
_UNIT = (
    rf"{_NO_MORE}(?:(?:apt|apartment|unit|suite|ste|room|rm|bldg|building|lot|flat)\.?"
    r"(?: ?(?:#|no\.?|number)? ?\d{1,5}[a-z]?| [a-z]\d{0,4}))"
)
_UNIT_BEHIND = rf"(?:{_UNIT}|#\d{{1,5}}[a-z]?)"
"""Behind an address; by itself "#2" may be one of the times that are listed."""
_FLOOR = r"(?:(?:on )?(?:the )?(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|top|ground) floor)"
_LOOKS = (
    rf"(?:(?:it'?s|its|it is|we'?re|i'?m|we are|(?:the |my |our )?(?:house|home|place) is|mine is|"
    rf"look for)(?: in)? )?"
    rf"(?:the |a )?(?:{_LIKE}|first |second |third )(?:house|home|building|condo|townhouse|trailer|duplex)"
    rf"(?:(?: (?:with|w/) (?:the|a|an) {_LIKE}(?:door|gate|fence|roof|mailbox|garage|flag|porch|shutters|tree|"
    rf"truck|car))"
    rf"{_MAYBE_PLACES}|{_PLACES})|(?:it'?s|its|it is) (?:the|a) {_LIKE}(?:house|building|condo|townhouse|"
    rf"trailer|duplex|door)"
    rf"{_MAYBE_PLACES}|(?:(?:the |my |our )?(?:house|home|place|office|shop|building|entrance)(?: is|'s)|it'?s|"
    rf"its){_PLACES}"
)
_ADDRESS = (
    r"(?:(?:(?:the|my|our) (?:address|house|place)(?: is|'s)|address(?: is)?|it'?s|its|it is|i'?m|i am|we'?re|we are|"
    rf"i live):?(?: at| on)? |{_NO_MORE})(?:{PLACE})(?:,? {_UNIT_BEHIND})?(?:,? {_FLOOR})?|"
    rf"zip(?: code)?(?: is)? \d{{5}}|"
    r"[a-z]+(?: [a-z]+)?,? (?:tx|[a-z]{2}),? \d{5}|"
    rf"(?:(?:it'?s|its|it is|we'?re|i'?m|i'?m in|we'?re in|in) )?(?:(?:{_UNIT})(?:,? {_FLOOR})?|"
    rf"{_FLOOR}(?:,? (?:{_UNIT}))?)|"
    rf"{_THE}{_LIKE}entrance"
)
_PESTS = (
    r"(?:(?:big|small|little|black|red|fire|carpenter|sugar|dead|bed|wolf|more|most|some|many|lots of|a lot of|"
    r"tons of) )*"
    r"(?:ants?|roach(?:es)?|cockroach(?:es)?|mice|mouse|rats?|spiders?|wasps?|hornets?|bees?|termites?|fleas?|ticks?|"
    r"mosquitos?|mosquitoes|bugs?|bedbugs?|moths?|flies|scorpions?|snakes?|squirrels?|raccoons?|nests?|hives?|"
    r"droppings|"
    r"leaks?|mold|mould|cracks?|smell|noise|damage|holes?|shut ?off|traps?|crawl ?space|hatch|panel|"
    r"water heater|furnace)"
)
_ISSUE = (
    rf"{_THE}{_PESTS} (?:(?:is|are|r|was|were|come|comes|came|seem|seems|keep|keeps|coming|to|be|get|gets|"
    rf"started|mostly|"
    rf"usually|only|mainly|always|all|really|live|nest) ?)*{_PLACES}|"
    rf"(?:there(?:'?s| is| are)|(?:i|we) (?:see|saw|have seen|found|keep seeing|have|got)) {_THE}{_PESTS}{_PLACES}"
)
_BADLY = (
    rf"{HATES} {_PESTS}|"
    rf"{_THE}{_PESTS} {IS_BAD}{_MAYBE_PLACES}|"
    rf"(?:there(?:'?s| is| are)|(?:i|we) have|(?:i|we)'ve got) {_THE}{_PESTS} (?:everywhere|all over)"
)
_LATER = (
    r"(?:i|we)(?:'ll| will|ll)? (?:text|send|give|tell|share)(?: (?:you|u|it|them|him|her|the|my|a|gate|door|"
    r"code|address|number|"
    r"key|apt|unit|lockbox))+ (?:later|then|when (?:you|u) (?:get|are) (?:here|there))"
)
_TELL = (
    rf"(?:(?:(?:tell|let|have|remind|inform|ask|warn|get) {_WHOEVER}(?: (?:know|that|to|please|pls)){{0,4}} )"
    r"|(?:you|u) can |(?:he|she|they) can |make sure to |be sure to |feel free to )?"
)
_DETAIL = "|".join(
    (
        _CODE_TOLD,
        _PETS,
        _OPENING,
        _KNOCK,
        _RING,
        _BELL,
        _PARKING,
        _ENTER,
        _KEY,
        _PRESENT,
        _CALL,
        _REACH,
        _LOOKS,
        _ADDRESS,
        _LATER,
        _BADLY,
    )
)
_TELLING = rf"(?:tell|let|remind|inform|warn) {_WHOEVER}(?: (?:know|that)){{0,3}} "
_BEFORE = (
    r"(?:(?:and|but|so|also|plus|oh|btw|fyi|by the way|note|note that|ps|heads up|just|please|pls|plz|ok|well|then|"
    r"one thing|&) ){0,4}"
)
_AFTER = (
    r"(?=(?: (?:please|pls|plz|thanks|thank you|thx|ty|tysm|ok|btw|fyi|just so (?:you|u) know|just in case|tho|"
    r"lol|gracias|"
    r"appreciate it|(?:and )?thank you))*(?: ,|$| (?:and|but|so|also|plus|n|&)(?: |$)))"
)
_TOLD = re.compile(
    rf"(?<!\S){_BEFORE}"
    rf"(?:{_TELL}(?:{_DETAIL}){_AFTER}|{_TELLING}(?:{_ISSUE}){_AFTER}|{_MAY_CALL}(?: ?\?|{_AFTER}))",
    re.I,
)
_ENDS = re.compile(r"[,;\n!]+|\.+(?=\s|$)| - ")


def without(text: str, weighs: Callable[[str], bool] = lambda _: False) -> str:
    """The words without what is told, but for what `weighs`; the same text where nothing is."""
    if len(text) > MAX_READ_CHARS:
        return text
    places: list[str] = []

    def sign(place: re.Match[str]) -> str:
        places.append(place[0])
        return chr(_FIRST_SIGN + len(places) - 1)

    def named(signs: str) -> str:
        return _SIGNED.sub(lambda each: places[ord(each[0]) - _FIRST_SIGN], signs)

    words = _PLACE_SAID.sub(sign, " ".join(_ENDS.sub(" , ", text).split()))
    left = _TOLD.sub(lambda told: told[0] if weighs(named(told[0])) else " , ", words)
    return text if left == words else " ".join(named(left).split())


def is_told(text: str) -> bool:
    """Whether any of it is in these words."""
    return without(text) != text
