"""Words that state nothing about a business, by : with them a model may of its own, without anybody having
told it anything. A word that could be a fact by itself (insured, safe, , weekends) does not belong here.
"""

from typing import Final

_ENGLISH: Final = """
a about above after afternoon afternoons again against ahead all almost along already alright also always am an and
another any anybody anyone anything anyway apologies apologize apologise appointment appointments appreciate are
around arrange arranged as ask asked asking assist assistance assistant at away back be because been before begin
being below best better between bit bother book booked booking bookings both brief briefly but by bye call callback
called calling can cancel canceled cancelled cancelling change changed changes changing catch chance chat check checked
checking choice choices choose chosen clear clarify clarification come comes coming confirm confirmation continue
correct could couple date dates day days deal dealing details did different difficult do does doing done down each
earlier early easiest either else end enjoy enough evening evenings exact exactly example exciting extra fantastic far
few find finding fine first fit fits follow following for form forward found free fresh friday fridays from
frustrating further get gets getting give given glad go goes going gone good got great had handle happen happened
happens happy has have having he hear heard hello help helpful helping her here hers hey hi him his hm hmm hold home
hope hoping how however i idea if in inconvenience instead interested into is isn it its job just keep kept kind
kindly know known last later latest least leave left let letter letters like liked line list listed little long look
looked looking looks lot lovely made make makes making many matter may maybe me mean means meant meantime mention
mentioned message messages mid might mind mine minute misunderstood missed mistake moment monday mondays month months
more morning mornings most move moved moving much must my myself name named names near need needed needs never new
next nice night no none noon nor not note noted nothing now number numbers of off oh ok okay on once one ones only
opening openings option options or order other others otherwise our out over own part particular pass passed patience
perfect perhaps person pick picked place plan plans please pleased pleasure point possible prefer preferred preference
prefers problem proceed provide provided put question questions quick quickly quite rather read ready real really
reason receive received reference regarding remaining repeat reply request requested reschedule rescheduled
rescheduling respond response rest right same saturday saturdays say saying says schedule scheduled scheduling second
see seem seems seen send sending sent set several shall share she short shortly should show shown sir since so some
somebody someone something soon sooner sorry sort sound sounds specific spell spot spots start started starting starts
step stick still stop stress stressful suit suits suitable sunday sundays sure switch take taken takes taking talk
team tell text texted texting texts than thank thanks that the their them then there these they thing things think
third this those though thought three through thursday thursdays till time times to today together tomorrow tonight
too touch tough track tried trouble true try trying tuesday tuesdays twice two type understand understood
unfortunately unless until up upset us use useful usual very visit visits wait waiting want wanted wants was way we
wednesday wednesdays week weeks welcome well were what whatever when whenever where whether which whichever while who
whole whom whose why will wish with within without won wonderful word words work worked working works worry worries
would write writing wrong wrote yesterday yet you your yours yourself four five six seven eight nine ten eleven twelve
half quarter past january february march april june july august september october november december jan feb mar apr
jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun pm ma mr mrs ms ll ve re d s t m o y ain
aren couldn didn doesn don hadn hasn haven shouldn wasn weren wouldn can't cannot awesome amazing absolutely certainly
definitely gladly course yes yeah yep yup nope bear hang tight sec haha lol feel apology annoying annoyance pain
unpleasant situation issue issues concern concerns concerned detail info information anytime meet meeting talking
speaking hearing reaching reach contact contacting today's that's let's congratulations excellent super cool smoothly
swing address street colleague colleagues
"""
_SPANISH: Final = """
a al algo alguien algún alguna ahora antes aquí así ayuda ayudar ayudarle ayudarte ayudo buen buena buenas bueno
buenos cada cambiar cambio cancelar cita citas claro cómo como con confirmar cuál cuáles cuando cuándo cualquier de
del desea desde después día días dice dígame dime disculpe disculpa dos e el ella en encantada encantado entiendo
entonces entre era es esa ese eso esta está están estas este esto estos favor fecha fechas gracias gusta gustaría ha
haber hablar hacer hasta hay he hola hora horario horarios horas hoy igual indique información inspección la las le
les lo los lamento llamada llamar llame luego lunes martes miércoles jueves viernes sábado domingo mañana mañanas más
me mejor mensaje mes mi mismo momento mover muchas mucho muy nada necesita necesito ni no noche nombre nos nueva nuevo
número o opción opciones otra otras otro otros para parte pasa pasado perdón perfecto pero persona por porque prefiere
pregunta primera primero puede puedo pues qué que quién quiere quiero referencia reprogramar reservar responda
respuesta sabe se sea segunda segundo semana ser si sí sido siento sin sobre solo son su sus también tarde tardes te
tengo tenga tiene tiempo tipo todo todos trabajo tres tu tus un una uno unos usted va vamos ver verdad vez visita voy
y ya yo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre placer listo vale
bien revisar reviso busco buscar ofrecer ofrezco técnico
"""
_FRENCH: Final = """
à afin ai aide aider alors annuler après au aujourd hui aussi autre autres aux avant avec avez avoir beaucoup bien bon
bonjour bonne bonsoir car ce cela celle celui ces cet cette chose comme comment confirmer convient créneau créneaux d
dans date de demain demande déplacer depuis des désolé désolée deux dire dites dois donc du elle en encore entre est
et êtes être fait faire faut heure heures horaire horaires il ils indiquer j jamais je jour jours journée jusqu l la
le les leur lui ma mais mardi matin me mercredi lundi jeudi vendredi samedi dimanche merci message mes mieux moi
moment mon n ne ni nom non note notre nous nouveau numéro on ou où oui par parfait pas pendant personne peut peux
plaisir plaît plus pour pourriez pouvez préférez préférence prendre première premier prénom propose puis puisse qu
quand quel quelle quelles quels que question qui quoi réponse référence rendez rien s sa sais sans se semaine sera si
soir sommes son sont souhaitez suis sur ta tard te temps tout toute tous très trois trouver tu un une va vais vers
veuillez voici voir vos votre voulez vous vérifie vérifier y janvier février mars avril mai juin juillet août
septembre octobre novembre décembre après-midi rappel rappeler
"""
_GERMAN: Final = """
ab aber abend alle alles als also am an andere anderen anderer auch auf aus bei beim besser bestätigen bin bis bitte
da danach danke dann das dass dem den denn der des dich die dies diese diesen dieser dir doch drei du durch ein eine
einem einen einer eines entschuldigung er erst erste ersten es etwas euch fall frage fragen früh früher freitag für
ganz gar geben gern gerne gibt grüezi grüß guten guter gut habe haben hallo hat heute helfen hier hilfe hinaus ich ihm
ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja jede jeden jederzeit jemand jetzt kann kein keine können könnten
leid lieber mal man mehr mein meine melden mich mir mit mittag mittwoch moment montag morgen möchte möchten möglich
möglichkeiten muss müssen nach nachmittag nachricht nächste nächsten name namen natürlich nehmen nein nicht nichts
noch nummer nun nur ob oder ohne ort passen passt person perfekt prüfe rückruf sagen samstag schade schauen schaue
schon schön schreiben sehr sein sich sie sind so soll sollen sonntag sonst später tag tage tagen termin termine tun
tut um und uhr uhrzeit uns unser verschieben verstanden verstehe viel vielen vielleicht vom von vor vorschlagen wann
war warten was welche welchen welcher welches wenn wer werden werde wie wieder will wir wird wo woche wollen worum
wünschen würde würden zeit zeiten zu zum zur zwei zweite zwischen dienstag donnerstag januar februar märz mai juni
juli oktober dezember
"""

_OPENERS: Final = """
am are can could did do does don has have how is isn may might must shall should was what when where which who whom
whose why will would anything any cuál cuáles cuándo cómo qué quién dónde puede podría quiere desea prefiere necesita
tiene hay quel quelle quels quelles quand comment où qui voulez pouvez pourriez préférez souhaitez avez êtes wann welche
welchen welcher welches wo wie wer möchten möchtest können könnten haben soll sollen passt wollen
"""
_OF_US: Final = """
we our ours us ourselves company business team technician technicians staff they their them he she his her nosotros
nuestro nuestra nuestros nuestras tenemos somos nous notre nos avons sommes wir unser unsere unseren uns
"""

TALK_WORDS: Final = frozenset(f"{_ENGLISH} {_SPANISH} {_FRENCH} {_GERMAN}".split())
OPENERS: Final = frozenset(_OPENERS.split())
"""Words that begin a question."""
LEADS: Final = frozenset(
    ("and", "or", "so", "but", "then", "ok", "okay", "also", "just", "y", "o", "et", "und", "oder")
)
"""Words that may stand before them."""
OF_US: Final = frozenset(_OF_US.split())
"""Words that speak of the business and of who works there."""
