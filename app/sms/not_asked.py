"""Words that sound like a wish and are told of: whoever was to come did not, somebody was harmed or is angry, or they
will book again by themselves.
"""

import re

NO_SHOW = re.compile(
    r"\b(?:nobody|no ?one|never|did ?n[o']?t|has ?n[o']?t|have ?n[o']?t)(?: \w+){0,2}? "
    r"(?:show(?:ed|n)?(?: up)?|came|come|turn(?:ed)? up|arrived?)\b(?! back)|\bno[- ]show\b"
)
"""A visit that did not take place is for a person, now."""
_WHO = r"\b(?:you|u|he|she|they|guys?|man|tech\w*)(?: (?:guys|all|just|only|already))? "
WAS_HERE = re.compile(
    rf"{_WHO}(?:were|was|came|did|left|sprayed|treated|visited|finished|missed|forgot)\b|\byou(?:'ve| have) been\b"
)
"""A visit that was."""
CAME = re.compile(rf"{WAS_HERE.pattern}|{_WHO}(?:told|said)\b")
"""A visit that was, or what was said of one: the time beside it is none that is asked for."""
_DONE = (
    r"(?:hurt|hit|ran over|backed into|burn(?:ed|t)|injured|poisoned|broke|damaged|ruined|scratched|cracked|stained|"
    r"destroyed|flooded|stole|killed|ripped|wrecked|dented|smashed)"
)
COMPLAINT = re.compile(
    r"(?<!will )(?<!would )(?<!could )(?<!might )(?<!does )(?<!can )"
    r"\b(?:you|he|she|they|it|spray|treatment|stuff|chemicals?|guys?|man|tech\w*|somebody|someone)(?: \w+ly)? "
    rf"{_DONE} (?:my|our|me|us|the|an?)\b|"
    r"\b(?:was|were|got|is|are|am|been)(?: \w+)? (?:hurt|injured|poisoned|burn(?:ed|t) by|harmed|bleeding)\b|"
    r"\b(?:made|making) (?:me|us|him|her|(?:my|our|the) \w+) (?:sick|ill)\b|"
    r"\b(?:sick|ill|dead|dying) (?:from|after|since) (?:the|your)\b|"
    r"\bsmell(?:s|ed|ing)? (?:\w+ )?(?:gas|smoke|burning)\b|\bgas leak|\bon fire\b|"
    r"\b(?:this|it)(?:'?s| is) an emergency\b|\b(?:in|to) the (?:hospital|er)\b|\bcan'?t breathe\b|\b911\b|"
    r"\bmoney back\b|\b(?:refund|pay) me\b|\b(?:over|double) ?charged\b|\bcharged (?:me )?twice\b|"
    r"\brip+ed (?:me )?off\b|\b(?:scam|fraud)\w*|"
    r"\b(?:sue (?:you|u|y'?all)|suing|(?:to|will|gonna|i'?ll) sue)\b|\b(?:my|a|our) (?:lawyer|attorney)\b|\blawsuit\b|"
    r"\blegal action\b|\b(?:bbb|better business bureau)\b|\breport you\b|\bcomplain\w*|"
    r"\b(?:bad|one star|1 star) review|\bunacceptable\b|"
    r"\b(?:worst|terrible|horrible|awful|lousy|poor|bad) (?:service|job|work|company|experience)\b|"
    r"\b(?:not|un) ?happy with\b|\bdisappointed\b|\bnever (?:using|calling) you\b|\bfurious\b"
)
"""Harm, money asked back, anger: for a person, whatever else can be done here."""
NOT_CALLED = re.compile(
    r"\b(?:you|u|they)(?: guys)? (?:still )?(?:never|did ?n[o']?t|have ?n[o']?t)(?: \w+)? call(?:ed)?\b(?! off)|"
    r"\b(?:nobody|no ?one)(?: \w+)? called\b"
)
"""Where nothing else is said, a call that did not come is asked for."""
DANGER = re.compile(
    r"\bcan(?:'?t|not| not) breathe\b|\b(?:trouble|hard time|not) breathing\b|"
    r"\b(?:gas leak|on fire|unconscious|unresponsive|passed out|chest pains?|having a stroke|overdosed?|suicidal|"
    r"kill (?:myself|himself|herself))\b|"
    r"\bsmell(?:s|ing)? (?:\w+ )?gas\b|\b(?:seizure|anaphyla\w+|allergic reaction|heart attack)\b|\bpoisoned\b|"
    r"\b(?:this|it)(?:'?s| is) an emergency\b|\b(?:is|are|am|i'?m) bleeding\b|"
    r"\bcarbon monoxide (?:alarm|detector) (?:is|went|keeps|going)\b|"
    r"\b(?:i|he|she|kids?|child\w*|son|daughter|boy|girl|baby|toddler|dogs?|puppy|cats?|kitten|pets?)(?: \w+){0,2} "
    r"(?:ate|eaten|eating|swallowed|drank|licked|chewed)"
    r"(?: (?!(?:before|since|near|next|nothing)\b)\w+){0,4} (?:bait|poison|pellets?|chemicals?|spray|gel)\b"
)
"""Somebody may be hurt right now: what no callback is soon enough for."""
URGENT = re.compile(
    r"^\W*(?:(?:please|pls|help|hi|hello|hey)\W+)*emergency\W*(?:(?:please|pls|help)\W*)*$|"
    r"\b(?<!if i )(?<!if we )(?<!if there )(?<!if )(?:have|having|got|is|there'?s) an emergency\b"
    r"(?! (?:\w+ )?(?:exit|number|contact|fund|kit|lights?|door|plan|line|fee|rate|service|visit|appointment|appt|"
    r"inspection|treatment|at (?:work|school)|came up|in (?:the|my|our) family)\b)|"
    r"\b(?:child(?:ren)?|kids?|son|daughter|baby|toddler|infant|newborn|boy|girl|grand(?:son|daughter|child|kids?))"
    r" (?:(?:just|was|were|got|has|have|had|been|being|is|badly) )+(?:bit|bitten|stung)\b"
    r"(?! (?:up )?by (?:the |some |an? |those )?(?:fleas?|bed ?bugs?|mosquito\w*|ants?|gnats?|chiggers?|bugs?)\b)"
    r"(?! last (?:week|month|year|summer)\b)"
)
"""Somebody may be hurt; where a visit is to be cancelled, moved or booked, that is done all the same."""
BOOKS_LATER = re.compile(r"(?:'ll|\bwill|\bill|\bgoing to)(?: \w+){0,3} (?:re-?book|re-?schedule|book again)\b")
"""Beside a cancellation it asks for no other time yet."""


def in_danger(low: str) -> bool:
    """Whether who wrote this (lower case) is to be told whom to call in an emergency."""
    return bool(DANGER.search(low) or URGENT.search(low))
