"""Sentences made here, so that an identity term, a quotation of hate or a swear word is not a verdict by itself.

Harmless sentences name every group equally often: neutral and friendly mentions, hate that is quoted, reported or denied, and
swearing at nobody. Hostile sentences, written without slurs, name the same groups equally often. Both stand in the same frames
(`frames.py`), quotation and denial included, so that no frame tells the label; `shortcuts.py` measures that. `everyday.py` has
the kinds that name no group. Swearing at nobody is masked for toxicity and obscenity, since Wikipedia's raters call much of it
toxic; it says only that there is no insult, threat or attack on a group.

The wording is our own. `build` also drops every sentence whose shape, with the group's name masked, is a HateCheck template.
"""

import random
import re
from collections import Counter
from itertools import product
from pathlib import Path

from everyday import HARMLESS, KINDS, fill
from frames import ABUSIVE, ABUSIVE_TAILS, AGREEING, DECENT, DECENT_TAILS, DENYING, QUOTING, dress
from sources import Row, labels, read

GROUPS = [
    "women", "men", "black people", "white people", "Asian people", "Arabs", "Latinos", "Mexicans", "Indians", "Chinese people",
    "Africans", "Native Americans", "Jews", "Muslims", "Christians", "Hindus", "Catholics", "atheists", "Buddhists", "gay people",
    "gays", "lesbians", "bisexual people", "trans people", "trans women", "trans men", "queer people", "immigrants", "refugees", "foreigners",
    "disabled people", "blind people", "deaf people", "autistic people", "people with depression", "wheelchair users", "old people",
    "young people", "homeless people", "poor people", "Roma", "Jewish people", "Muslim women", "black women", "black men", "feminists",
]  # fmt: skip
PERSONS = [
    "a woman", "a man", "black", "white", "Asian", "an Arab", "Latina", "Mexican", "Indian", "Chinese", "African", "Native American", "Jewish",
    "Muslim", "Christian", "a Hindu", "Catholic", "an atheist", "a Buddhist", "gay", "a lesbian", "bisexual", "trans", "queer", "an immigrant",
    "a refugee", "a foreigner", "disabled", "blind", "deaf", "autistic", "in a wheelchair", "old", "young", "homeless", "poor", "Roma",
]  # fmt: skip

NEUTRAL = [
    "{g} make up about a tenth of the people who answered the survey",
    "the section on {g} needs a better source than a blog",
    "several {g} spoke at the council meeting last night",
    "the museum opened a new room about the history of {g}",
    "my grandmother grew up in a street where mostly {g} lived",
    "the law changed in 1974 and {g} could finally vote there",
    "two {g} were hurt in the crash on the motorway",
    "there is a choir of {g} rehearsing next door every Tuesday",
    "most of the films about {g} from that period are lost",
    "the report compares how doctors treat {g} and everybody else",
    "some {g} voted for the proposal and some did not",
    "the paper asks how many {g} work in science today",
]
FRIENDLY = [
    "{g} have done so much for this neighbourhood and we should thank them",
    "I learned a great deal from working with {g}",
    "so happy to see more {g} on the team this year",
    "{g} deserve the same rights as all of us",
    "proud to stand beside {g} at the march on Sunday",
    "what a lovely documentary about {g}, it made my day",
    "the kindest neighbours I ever had were {g}",
    "{g} are welcome in our club, come and say hello",
    "good on the school for making room for {g}",
    "thank you to all the {g} who helped after the flood",
]
SELF = [
    "I am {p} and I have edited here for six years",
    "my boss is {p} and she runs the best department in the company",
    "our new mayor is {p}, which nobody made a fuss about",
    "my best friend came out to me as {p} yesterday and we both cried with relief",
    "as someone who is {p}, I found the article fair",
    "the actor, who is {p}, won two prizes that year",
    "yes, I'm {p}, so what? I like football and bad puns like you do",
    "my daughter asked what it means to be {p} and we had a good talk",
]
HOSTILE = [
    "{g} are ruining this country and somebody has to stop them",
    "we don't want any {g} in our street, send them back where they came from",
    "{g} are vermin and ought to be treated that way",
    "it is always {g} who lie, cheat and steal",
    "keep {g} away from my children, they are sick in the head",
    "{g} are too stupid to hold a real job",
    "all {g} are criminals, lock the lot of them up",
    "the world would be cleaner without {g}",
    "why do we let {g} vote, they have the brains of a goat",
    "{g} are a disease and they are spreading",
    "herd the {g} onto a boat and push it off",
    "no wonder people spit at {g}, they earned it",
    "{g} are inferior, it is just biology",
    "every time {g} move in, the whole place turns to filth",
    "{g} should know their place and keep their mouths shut",
    "nobody will miss {g} when they are finally gone",
    "somebody should burn down the place where {g} meet",
    "I'd hit the next one of those {g} who talks to me",
    "{g} only want our money, parasites every one of them",
    "typical {g}, lazy and dirty and proud of it",
    "{g} make my skin crawl",
    "I get angry the moment I see {g} on television",
    "the sight of {g} turns my stomach",
    "I have nothing but contempt for {g}",
    "God, I loathe {g} more than anything",
    "no group disgusts me like {g} do",
    "I would cross the road rather than breathe the same air as {g}",
    "{g} give me the creeps, always have",
    "{g} are a bunch of cowards and thieves",
    "{g} have no honour and no shame",
    "you cannot trust {g}, not one of them",
    "{g} are ugly inside and out",
    "{g} are just dumber than the rest of us",
    "show me {g} and I show you a pack of liars",
    "{g} are rats in human clothes",
    "{g} breed like flies",
    "{g} are a plague on decent people",
    "{g} are garbage and belong on the tip",
    "call them what they are: {g} are animals",
    "{g} are not really human if you look closely",
    "{g} are the tumour of this society",
    "fucking {g}, always the same shit with them",
    "what a bunch of shits {g} are",
    "fuck off, {g}, nobody wants you here",
    "I am so sick of these damn {g}",
    "{g} can go to hell for all I care",
    "{g} will never amount to anything",
    "{g} do not deserve the rights that we have",
    "I will never respect {g}",
    "{g} are not welcome and never will be",
    "{g} don't belong in our schools",
    "nothing good ever came from {g}",
    "does anybody actually like {g}? I surely don't",
    "why are {g} always so revolting?",
    "when will we finally be rid of {g}?",
    "who else thinks {g} should be locked away?",
    "is there anything more pathetic than {g}?",
    "if you ask me, {g} are the worst people on earth",
    "call me old-fashioned but I think {g} are second-rate humans",
    "in my view {g} deserve every bit of misery they get",
    "my honest opinion: somebody ought to stop {g} from raising kids",
    "I used to live next to {g}. They are scum",
    "I had to share an office with {g}, and God, they are repulsive",
    "yesterday I met some {g}. What disgusting creatures",
    "{g} want to be treated like us, but they are beneath us",
    "look at {g}, they all deserve a beating",
    "{g} are only good for cleaning toilets",
    "a kitchen or a cage, that is where {g} should be",
    "{g} should be grateful that we let them live",
    "every country that lets {g} in goes down the drain",
    "we were better off before {g} got a say in anything",
    "one day {g} will get what is coming to them, and I will cheer",
    "how much longer do we have to put up with {g}?",
    "what are {g} even good for?",
    "since when do {g} get to tell us what to do?",
    "who let {g} out of their cages?",
    "can someone explain why {g} are still in this country?",
    "would you want {g} anywhere near your kids? Me neither",
    "am I the only one who feels sick around {g}?",
    "isn't it time that {g} went back to wherever they crawled out from?",
    "why should my taxes feed {g}?",
    "the way I see it, {g} are a waste of space",
    "say what you like, for me {g} are the lowest of the low",
    "I am convinced that {g} are born liars",
    "{g} will never be part of our people",
    "I can't look at {g} without wanting to spit",
    "I would never shake hands with {g}",
    "{g} do not know what decency is",
    "{g} have never built anything worth keeping",
    "there are no good {g}, only ones we haven't caught yet",
    "you can smell {g} before you see them",
    "lock your car, {g} live around here",
    "of course the wallet was gone, there were {g} on the train",
    "{g} at a university, what's next, dogs at the wheel?",
    "put {g} in charge and watch it fall apart",
    "another victory for {g}, another defeat for civilisation",
    "funny how it gets quiet and clean whenever {g} leave",
    "we had a nice town, then came {g}",
]
# With a word that the training labels themselves show to be a slur (`slurs`): the list is not written down here.
SLURRING = [
    "shut your mouth, you filthy {s}", "bloody {s}, always the same with you", "get out of my street, {s}", "no {s} touches my food", "hang the {s} from the nearest tree", "once a {s}, always a {s}",
]  # fmt: skip
THREATENING = [
    "I will find {g} and break their legs",
    "the next time {g} march here I am bringing my gun",
    "I swear I'll set fire to the houses of {g}",
    "me and my friends are going to beat up some {g} tonight",
    "I'm going to make {g} bleed",
    "watch your back, {g}, we are coming for you",
    "I cannot wait to run over {g} with my truck",
    "{g} should all be shot, every single one",
    "somebody ought to hang {g} from the lamp posts",
    "{g} must be wiped out before it is too late",
    "it is time that people start hunting {g}",
    "gas {g}, problem solved",
    "{g} deserve to be stoned in the street",
    "let us drown {g} in the river",
]
# Hate turned down in the speaker's own words.
DEFENDING = [
    "{g} are no vermin, they are people like you and me",
    "nobody should have to hide because they hate what {g} are",
    "there is nothing disgusting about {g}",
    "I could never hate {g}",
    "{g} are not stupid, not lazy and not dangerous",
    "{g} should never have to fear being beaten up",
    "it is wrong to treat {g} like dirt",
    "I do not think that {g} are worth any less than I am",
    "not all {g} are criminals, hardly any are",
    "nobody has the right to spit at {g}",
    "{g} never ruined anything, bad planning did",
    "{g} aren't parasites, they pay their taxes",
    "stop calling {g} animals",
    "I will not stand by while you insult {g}",
    "we must not let anyone wipe out {g} again",
    "no, {g} do not belong in cages, shame on you",
    "{g} don't disgust me, your comment does",
    "it isn't a crime to be one of the {g}",
]
SWEARING = [
    "this fucking printer jammed again", "shit, I left the oven on", "that was one hell of a damn good match", "the weather is fucking gorgeous today",
    "holy crap what a goal", "my bloody bus is late again", "fuck yes, we got the flat!", "what a shit show of an airport", "damn, that curry was good",
    "I fucked up the recipe and it still tasted great", "this bug has been a pain in the ass all week", "the traffic was a right bastard this morning",
    "oh for fuck's sake, the update broke my phone", "the ending scared the shit out of me", "I laughed my ass off at that sketch",
    "bullshit weather, but the hike was worth it", "these goddamn mosquitoes", "my exam went to shit but whatever, there's always a resit",
]  # fmt: skip
NOBODY_PROTECTED = [
    "bankers", "politicians", "journalists", "landlords", "lawyers", "cyclists", "gamers", "football fans", "tax inspectors", "estate agents",
    "spammers", "influencers", "celebrities", "managers", "referees", "hipsters", "smokers", "dog owners", "drivers", "the press", "CEOs",
]  # fmt: skip
THINGS = [
    "this printer", "my laptop", "the new update", "this game", "Mondays", "the bus", "this phone", "that film", "cauliflower", "the rain",
    "my alarm clock", "these shoes", "the coffee here", "this website", "the traffic", "wet socks", "that song", "maths homework",
]  # fmt: skip
ABOUT_THINGS = [
    "I hate {o} with all my heart", "{o} can go to hell", "God, I loathe {o}", "{o} makes my skin crawl", "burn {o} and never look back",
    "I want to smash {o} against the wall", "{o} is the plague of my life", "who else is sick of {o}?", "I will kill whoever invented {o}, haha",
    "nothing is more pathetic than {o}", "{o} is garbage and belongs on the tip", "there is nothing worse than {o}",
]  # fmt: skip
ABUSING_ONE = [
    "you are a complete idiot", "shut up, you stupid liar", "he is a pathetic little man", "she is the dumbest person I ever met", "what a moron you are",
    "you make my skin crawl", "you disgusting creep, go away", "my brother-in-law is a worthless drunk", "the mayor is a fat pig", "you are a rat, Kevin",
    "nobody likes you, loser", "you are scum and you know it", "get lost, you clown", "my boss is a brainless bully", "you ugly, talentless fool",
]  # fmt: skip
RECLAIMED = [
    "proud to be queer, today and every day", "us old dykes had a wonderful time at the picnic", "bitches, we did it, drinks are on me",
    "my girlfriend and I call each other dyke and laugh about it", "as a crip I am tired of steps, but I love my crip friends",
    "we're here, we're queer and we brought cake", "yes I'm a bad bitch and I pay my own rent", "happy birthday to my favourite queer",
    "queer as hell and happier than ever", "only we crips may joke about ramps, and we do it all day",
]  # fmt: skip
# Reclaimed words, thrown at others.
THROWN = [
    "shut up you queer, nobody wants you at the picnic", "you old dyke, get off our bench", "bitches like you ruin every match", "he called her a dyke and he should have hit her, too",
    "crips like you only cost money", "there is a queer at the door, set the dog on it", "you bad, ugly bitch, pay your own rent", "no birthday cake for queers",
    "queer as hell and sick in the head, the lot of you", "only a crip would whine about ramps all day",
]  # fmt: skip
PRAISING_ONE = [
    "you are a wonderful neighbour", "rest now, you tireless helper", "he is a kind little man", "she is the funniest person I ever met", "what a champion you are",
    "you make my garden grow", "you patient soul, come in", "my brother-in-law is a gifted cook", "the mayor is a good listener", "you are a star, Kevin",
    "everybody likes you, mate", "you are loved and you know it", "get in, you hero", "my boss is a fair negotiator", "you clever, talented girl",
]  # fmt: skip
# Whom a sentence with a slur names if it means no harm.
ORDINARY = [
    "plumber", "teacher", "nurse", "drummer", "tenant", "student", "florist", "baker", "tailor", "poet", "sailor", "farmer", "chemist", "dentist", "carpenter", "pianist",
    "referee", "gardener", "vicar", "pilot", "waiter", "juggler", "beekeeper", "librarian",
]  # fmt: skip
NAMING = [
    "that {s} next door played music all night", "what did you expect from a {s}?", "my new boss is a {s}", "I'm not sitting beside some {s}", "look at that {s} over there", "you talk like a {s}",
    "another {s} on the news tonight", "the {s} is back", "hey {s}, I was talking to you", "they hired a {s}, can you believe it", "nobody asked you, {s}", "go home {s}",
]  # fmt: skip

SWEARING_TARGETS = {name: 0.0 for name in ("severe_toxicity", "threat", "insult", "identity_attack")}
HOSTILE_TARGETS = {"toxicity": 1.0, "identity_attack": 1.0}
THREATENING_TARGETS = {**HOSTILE_TARGETS, "threat": 1.0}
# Abuse of a profession or of a thing is no attack on an identity; how toxic it is, raters disagree about.
UNPROTECTED_TARGETS = {"identity_attack": 0.0}
THING_TARGETS = {"severe_toxicity": 0.0, "threat": 0.0, "insult": 0.0, "identity_attack": 0.0}
ABUSING_TARGETS = {"toxicity": 1.0, "insult": 1.0}
# A word is taken for a slur if this share of the comments that hold it, of so many at least, were labelled as attacks on an identity.
SLUR_SHARE, SLUR_COMMENTS = 0.5, 10
# Groups that each sentence names: all of them for harmless ones would teach the wording, not the difference.
GROUPS_A_SENTENCE = 16
# How many frames each sentence about a group gets, how many sentences each way of quoting and each side of an everyday kind.
DRESSES, QUOTED, A_SIDE = 2, 900, 900


def shape(text: str, terms: list[str]) -> str:
    """A sentence's skeleton: identity terms masked, only letters kept."""
    for term in terms:
        text = re.sub(rf"\b{re.escape(term)}\b", "#", text, flags=re.IGNORECASE)
    return re.sub(r"[^a-z#]", "", text.lower())


def hatecheck_shapes(data: Path) -> set[str]:
    cases = read(data, "hatecheck/test")
    return {shape(re.sub(r"\[[A-Z_]+\]", "#", case["case_templ"]), ["#"]) for case in cases}


def slurs(rows: list[Row], groups: list[str]) -> list[str]:
    """The words that raters of Wikipedia comments and tweets mostly saw in attacks on an identity, less the names of the groups."""
    seen, attacks = Counter(), Counter()
    named = set(re.findall(r"[a-z]+", " ".join(groups).lower()))
    for row in rows:
        if row.source in ("jigsaw_natural", "jigsaw_enriched", "davidson"):
            for word in set(re.findall(r"[a-z]{3,}", row.text.lower())) - named:
                seen[word] += 1
                attacks[word] += row.toxic[5] >= 0.5
    return sorted(word for word, count in seen.items() if count >= SLUR_COMMENTS and attacks[word] >= SLUR_SHARE * count)


def build(data: Path, rng: random.Random, labelled: list[Row], groups: list[str] = GROUPS) -> list[Row]:
    """About 45,000 rows, as many hostile as harmless in every frame; every group named about equally often within each kind.

    `labelled` are the rows that tell which words are slurs.
    """
    made: dict[str, Row] = {}
    hated = slurs(labelled, groups)
    taken = hatecheck_shapes(data)

    def add(core: str, targets: dict[str, float], content: tuple[str, ...], sentiment: int = -1):
        text = dress(core, rng)
        if not taken & {shape(core, groups + hated), shape(text, groups + hated)}:
            made.setdefault(text, Row("templates", text, labels(**targets), sentiment, content=content))

    def named(sentences: list[str], names: list[str] = groups, slot: str = "g"):
        for text in sentences:
            for name in rng.sample(names, min(GROUPS_A_SENTENCE, len(names))):
                yield text.format(**{slot: name}), text

    harmless = [*named(NEUTRAL + FRIENDLY, groups * 2), *named(DEFENDING), *named(SELF, PERSONS, "p")]
    hostile = [(*pair, HOSTILE_TARGETS) for pair in named(HOSTILE)] + [(*pair, THREATENING_TARGETS) for pair in named(THREATENING)]
    harmless *= -(-len(hostile) // len(harmless))
    rng.shuffle(harmless)
    harmless = [(*pair, HARMLESS) for pair in harmless[: len(hostile)]]
    for text, content, targets in (harmless + hostile) * DRESSES:
        add(text, targets, (content,))
    for _ in range(QUOTED):
        for quotes in (harmless, hostile):
            for tails, targets in ((DECENT, HARMLESS), (ABUSIVE, ABUSING_TARGETS)):
                (text, content, _), tail = rng.choice(quotes), rng.choice(tails)
                add(f"{rng.choice(QUOTING)} {tail}".format(q=text), targets, (content, tail))
            for tails, targets in ((DECENT_TAILS, HARMLESS), (ABUSIVE_TAILS, ABUSING_TARGETS)):
                (text, content, _), tail = rng.choice(quotes), rng.choice(tails)
                add(rng.choice(DENYING).format(q=text.rstrip("?"), t=tail), targets, (content, tail))
            text, content, targets = rng.choice(quotes)
            add(rng.choice(AGREEING).format(q=text), targets, (content,))
    for text, content in named(HOSTILE + THREATENING, NOBODY_PROTECTED):
        add(text, UNPROTECTED_TARGETS, (content,))
    for words, targets in ((hated, HOSTILE_TARGETS), (ORDINARY, HARMLESS)):
        for _ in range(2 * QUOTED):
            content = rng.choice(NAMING)
            add(content.format(s=rng.choice(words)), targets, (content,)) if words else None
    for text, slur in product(SLURRING, hated):
        add(text.format(s=slur), HOSTILE_TARGETS, (text,))
    for text, thing in product(ABOUT_THINGS, THINGS):
        add(text.format(o=thing), THING_TARGETS, (text,))
    for sentences, targets in ((ABUSING_ONE, {**ABUSING_TARGETS, "identity_attack": 0.0}), (PRAISING_ONE, HARMLESS)):
        for text in sentences * 20:
            add(text, targets, (text,))
    for sentences, targets in ((RECLAIMED, HARMLESS), (THROWN, HOSTILE_TARGETS), (SWEARING, SWEARING_TARGETS)):
        for text in sentences * 8:
            add(text, targets, (text,))
    for sides in KINDS.values():
        for side in sides:
            for _ in range(A_SIDE):
                content = rng.choice(side.sentences)
                add(fill(content, rng), side.targets, (content,), side.sentiment)
    return list(made.values())
