"""Sentences made here, so that an identity term, a quotation of hate or a swear word is not a verdict by itself.

Harmless sentences name every group equally often: neutral and friendly mentions, hate that is quoted, reported or denied, and
swearing at nobody. Hostile sentences, written without slurs, name the same groups equally often; without them the model
would learn that these sentence shapes are always harmless. Swearing at nobody is masked for toxicity and obscenity, since
Wikipedia's raters call much of it toxic; it says only that there is no insult, threat or attack on a group.

The wording is our own. `build` also drops every sentence whose shape, with the group's name masked, is a HateCheck template.
"""

import random
import re
from collections import Counter
from itertools import product
from pathlib import Path

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

OPENERS = ["", "", "", "For what it's worth, ", "Just saw that ", "Interesting point: ", "In our town ", "From the article: ", "Honestly, ", "As far as I know, "]
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
    "round up the {g} and put them on a boat",
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
    "my honest opinion: {g} should not be allowed to have children",
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
    "shut your mouth, you filthy {s}", "that {s} next door played music all night", "nobody asked you, {s}", "what did you expect from a {s}?",
    "go home {s}", "my new boss is a {s}", "I'm not sitting beside some {s}", "look at that {s} over there", "you talk like a {s}",
    "another {s} on the news tonight", "the {s} is back", "bloody {s}, as always", "hey {s}, I was talking to you", "they hired a {s}, can you believe it",
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
HOSTILE_OPENERS = ["", "", "", "Not being funny but ", "Let's be honest, ", "Sorry not sorry, ", "Wake up people, ", "As usual: ", "Everybody knows ", "I'm no racist but "]
DISAPPROVING = [
    'Whoever wrote "{h}" should be ashamed.',
    'He actually told the reporter "{h}" and lost his job over it, rightly so.',
    'It is plain false to claim that {h}.',
    'My uncle says that {h} and I argue with him every Christmas.',
    'Comments such as "{h}" have no place on this page, please remove them.',
    "They sprayed '{h}' on her door. Who does something like that?",
    'The idea that {h} is a lie that got people killed in the last century.',
    'I was called names and told "{h}" on the bus today. Still shaking.',
    'The book explains how the slogan "{h}" was used as propaganda in the 1930s.',
    'Please report anyone posting "{h}", the moderators do act on it.',
    'If you think that {h}, you have never met any of them.',
    'How can a grown man believe that {h}? Heartbreaking.',
]
DENIED = [
    "I never said that {h}, and I would never say it.",
    "Nobody in this thread thinks that {h}.",
    "It isn't true that {h}, and the numbers show it.",
    "I don't believe for a second that {h}.",
    "You will not hear me say that {h}.",
    "No, it does not follow that {h}.",
    "We reject the view that {h}.",
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
SWEARING_TAILS = ["", "!", " lol", ", how is your day going?", ". Anyway, back to work.", " and I don't even care", "...", ", sorry for the language"]

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
RECLAIMED_TAILS = ["", "!", " <3", " lol", ". Love you all.", ". See you on Saturday?", ", and my mum says hello."]

HARMLESS_TARGETS = {name: 0.0 for name in ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")}
SWEARING_TARGETS = {name: 0.0 for name in ("severe_toxicity", "threat", "insult", "identity_attack")}
HOSTILE_TARGETS = {"toxicity": 1.0, "identity_attack": 1.0}
THREATENING_TARGETS = {**HOSTILE_TARGETS, "threat": 1.0}
# Abuse of a profession or of a thing is no attack on an identity; how toxic it is, raters disagree about.
UNPROTECTED_TARGETS = {"identity_attack": 0.0}
THING_TARGETS = {"severe_toxicity": 0.0, "threat": 0.0, "insult": 0.0, "identity_attack": 0.0}
ABUSING_TARGETS = {"toxicity": 1.0, "insult": 1.0, "identity_attack": 0.0}
# A word is taken for a slur if this share of the comments that hold it, of so many at least, were labelled as attacks on an identity.
SLUR_SHARE, SLUR_COMMENTS = 0.5, 10
# Groups that each sentence names: all of them for harmless ones would teach the wording, not the difference.
GROUPS_A_SENTENCE = 16


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


def sentence(text: str, rng: random.Random) -> str:
    text = text[0].upper() + text[1:]
    if text[-1] not in ".!?":
        text += rng.choice([".", ".", "", "!"])
    return text.lower() if rng.random() < 0.15 else text


def build(data: Path, rng: random.Random, labelled: list[Row], groups: list[str] = GROUPS) -> list[Row]:
    """About 9,500 rows: harmless, swearing and hostile, every group named about equally often within each kind.

    `labelled` are the rows that tell which words are slurs.
    """
    made: dict[str, dict[str, float]] = {}

    def add(text: str, targets: dict[str, float]):
        made.setdefault(sentence(text, rng), targets)

    def named(sentences: list[str], names: list[str] = groups):
        for text in sentences:
            for name in rng.sample(names, min(GROUPS_A_SENTENCE, len(names))):
                yield text, name

    for text, group in product(NEUTRAL + FRIENDLY, groups):
        add(rng.choice(OPENERS) + text.format(g=group), HARMLESS_TARGETS)
    for text, person in product(SELF, PERSONS):
        add(rng.choice(OPENERS) + text.format(p=person), HARMLESS_TARGETS)
    for sentences, targets in ((HOSTILE, HOSTILE_TARGETS), (THREATENING, THREATENING_TARGETS)):
        for text, group in named(sentences):
            hostile = text.format(g=group)
            for opener in rng.sample(HOSTILE_OPENERS[2:], 2):
                add(opener + hostile, targets)
            add(rng.choice(DISAPPROVING + DENIED).format(h=hostile.rstrip("?")), HARMLESS_TARGETS)
        for text, people in named(sentences, NOBODY_PROTECTED):
            add(rng.choice(OPENERS) + text.format(g=people), UNPROTECTED_TARGETS)
    for text, group in named(DEFENDING):
        add(rng.choice(OPENERS) + text.format(g=group), HARMLESS_TARGETS)
    hated = slurs(labelled, groups)
    for text, slur in product(SLURRING, hated):
        add(rng.choice(HOSTILE_OPENERS) + text.format(s=slur), HOSTILE_TARGETS)
    for text, thing in product(ABOUT_THINGS, THINGS):
        add(rng.choice(OPENERS) + text.format(o=thing), THING_TARGETS)
    for text, opener in product(ABUSING_ONE, OPENERS[3:] + HOSTILE_OPENERS[3:]):
        add(opener + text, ABUSING_TARGETS)
    for text, tail in product(RECLAIMED, RECLAIMED_TAILS):
        add(text + tail, HARMLESS_TARGETS)
    for text, tail in product(SWEARING, SWEARING_TAILS):
        add(text + tail, SWEARING_TARGETS)

    taken = hatecheck_shapes(data)
    return [Row("templates", text, labels(**targets)) for text, targets in made.items() if shape(text, groups + hated) not in taken]
