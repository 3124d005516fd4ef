"""Sentences made here, so that an identity term, a quotation of hate or a swear word is not a verdict by itself.

Harmless sentences name every group equally often: neutral and friendly mentions, hate that is quoted, reported or denied, and
swearing at nobody. Hostile sentences, written without slurs, name the same groups equally often; without them the model
would learn that these sentence shapes are always harmless. Swearing at nobody is masked for toxicity and obscenity, since
Wikipedia's raters call much of it toxic; it says only that there is no insult, threat or attack on a group.

The wording is our own. `build` also drops every sentence whose shape, with the group's name masked, is a HateCheck template.
"""

import random
import re
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
SWEARING = [
    "this fucking printer jammed again", "shit, I left the oven on", "that was one hell of a damn good match", "the weather is fucking gorgeous today",
    "holy crap what a goal", "my bloody bus is late again", "fuck yes, we got the flat!", "what a shit show of an airport", "damn, that curry was good",
    "I fucked up the recipe and it still tasted great", "this bug has been a pain in the ass all week", "the traffic was a right bastard this morning",
    "oh for fuck's sake, the update broke my phone", "the ending scared the shit out of me", "I laughed my ass off at that sketch",
    "bullshit weather, but the hike was worth it", "these goddamn mosquitoes", "my exam went to shit but whatever, there's always a resit",
]  # fmt: skip
SWEARING_TAILS = ["", "!", " lol", ", how is your day going?", ". Anyway, back to work.", " and I don't even care", "...", ", sorry for the language"]

HARMLESS_TARGETS = {name: 0.0 for name in ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")}
SWEARING_TARGETS = {name: 0.0 for name in ("severe_toxicity", "threat", "insult", "identity_attack")}
HOSTILE_TARGETS = {"toxicity": 1.0, "identity_attack": 1.0}


def shape(text: str, terms: list[str]) -> str:
    """A sentence's skeleton: identity terms masked, only letters kept."""
    for term in terms:
        text = re.sub(rf"\b{re.escape(term)}\b", "#", text, flags=re.IGNORECASE)
    return re.sub(r"[^a-z#]", "", text.lower())


def hatecheck_shapes(data: Path) -> set[str]:
    cases = read(data, "hatecheck/test")
    return {shape(re.sub(r"\[[A-Z_]+\]", "#", case["case_templ"]), ["#"]) for case in cases}


def sentence(text: str, rng: random.Random) -> str:
    text = text[0].upper() + text[1:]
    if text[-1] not in ".!?":
        text += rng.choice([".", ".", "", "!"])
    return text.lower() if rng.random() < 0.15 else text


def build(data: Path, rng: random.Random, groups: list[str] = GROUPS) -> list[Row]:
    """About 6,500 rows: harmless, swearing and hostile, every group named equally often within each kind."""
    made: dict[str, dict[str, float]] = {}

    def add(text: str, targets: dict[str, float]):
        made.setdefault(sentence(text, rng), targets)

    for group, text in product(groups, NEUTRAL + FRIENDLY):
        add(rng.choice(OPENERS) + text.format(g=group), HARMLESS_TARGETS)
    for person, text in product(PERSONS, SELF):
        add(rng.choice(OPENERS) + text.format(p=person), HARMLESS_TARGETS)
    for group, text in product(groups, HOSTILE):
        hostile = text.format(g=group)
        add(rng.choice(HOSTILE_OPENERS) + hostile, HOSTILE_TARGETS)
        add(rng.choice(DISAPPROVING).format(h=hostile), HARMLESS_TARGETS)
        add(rng.choice(DENIED).format(h=hostile), HARMLESS_TARGETS)
    for opener, text in product(HOSTILE_OPENERS[3:], HOSTILE):
        hostile = text.format(g=rng.choice(groups))
        add(opener + hostile, HOSTILE_TARGETS)
    for text, tail in product(SWEARING, SWEARING_TAILS):
        add(text + tail, SWEARING_TARGETS)

    taken = hatecheck_shapes(data)
    return [Row("templates", text, labels(**targets)) for text, targets in made.items() if shape(text, groups) not in taken]
