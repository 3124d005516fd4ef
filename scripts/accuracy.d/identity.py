"""The identity test set: whether a model tells hate from talk about the people whom hate is aimed at.

    python3 scripts/accuracy.d/identity.py identity.csv [--data ../shared/data]

Writes text, group, label (1 hostile, 0 not), kind. Every group stands in every sentence but those that groups say of
themselves in words that they took back, which not every group has; so that no group is easier than another but by its
name and by those words. It is a test set: no model may be trained on its wording. No sentence shares its shape (the group
masked) with HateCheck or with the sentences of scripts/train, nor six words in a row with either; `check` holds that.
Every run writes the same file.
"""

import argparse
import ast
import csv
import gzip
import re
import sys
from pathlib import Path

TRAINING = [Path(__file__).parents[1] / "train" / name for name in ("templates.py", "everyday.py", "frames.py")]

# Plural, singular with its article, adjective.
GROUPS = [
    ("women", "a woman", "female"),
    ("men", "a man", "male"),
    ("gay people", "a gay man", "gay"),
    ("lesbians", "a lesbian", "lesbian"),
    ("trans people", "a trans woman", "trans"),
    ("bisexual people", "a bisexual man", "bisexual"),
    ("black people", "a black woman", "black"),
    ("white people", "a white man", "white"),
    ("Asian people", "an Asian woman", "Asian"),
    ("Mexicans", "a Mexican", "Mexican"),
    ("Arabs", "an Arab", "Arab"),
    ("Roma people", "a Roma woman", "Roma"),
    ("Muslims", "a Muslim", "Muslim"),
    ("Jews", "a Jew", "Jewish"),
    ("Christians", "a Christian", "Christian"),
    ("atheists", "an atheist", "atheist"),
    ("immigrants", "an immigrant", "immigrant"),
    ("refugees", "a refugee", "refugee"),
    ("disabled people", "a disabled man", "disabled"),
    ("deaf people", "a deaf woman", "deaf"),
]

KINDS = {
    "neutral": [
        "The census counted {p} separately for the first time in 2001.",
        "My dentist is {s}, and her practice is above the bakery.",
        "Chapter four deals with {p} in the labour movement.",
        "Does anyone have figures on how many {p} use the new tram line?",
        "A {a} bookshop has opened where the shoe repair used to be.",
        "The interview with {s} starts twelve minutes into the episode.",
        "Turnout among {p} was two points lower than in the previous election.",
        "He moved here as {s} in the eighties and never left.",
        "The panel had three {a} speakers and a moderator from the radio.",
        "According to the brochure, {p} get a discount on Wednesdays.",
    ],
    "positive": [
        "Hats off to the {a} volunteers, the food stall was wonderful.",
        "Being {s} is nothing to hide, and I hope your parents come round.",
        "I married {s} and it was the best decision of my life.",
        "Could not be happier that {p} finally got a proper monument.",
        "What a voice! We need more {a} singers on that stage.",
        "Our village would be a poorer place if {p} had not settled here.",
        "Lovely evening with the {a} theatre group, I laughed until it hurt.",
        "Three cheers for {p}, who kept the hospital running all winter.",
    ],
    "counter": [
        "Whoever sprayed \"{p} out\" on the school wall should be made to scrub it off.",
        "My uncle says {p} are animals. I have stopped going to his birthdays.",
        "The post calling {p} parasites got him fired, and quite right too.",
        "\"{p} do not belong here\" is what they shouted at my neighbour. She was born here.",
        "It makes me sick how casually people in this thread say {p} should disappear.",
        "Imagine thinking that every one of the {p} is a crook. What a small world to live in.",
        "Reported the comment that said {p} deserve a beating. Please do the same.",
        "He told me I throw like {s}. I told him to grow up.",
        "Historians describe how posters showed {p} as rats before the killings began.",
    ],
    "negated": [
        "Nobody in our family has anything against {p}.",
        "There is no evidence at all that {p} commit more crimes.",
        "Calling {p} lazy is something I refuse to do, because it is not so.",
        "I never thought {p} were stupid, whatever my father said.",
        "It is simply false that {p} live off the state.",
        "Not one of the {p} I work with fits that ugly picture.",
    ],
    "hostile": [
        "Somebody should burn down every house where {p} live.",
        "Open every window once {p} have been in a room, they reek.",
        "Wherever {p} settle, the place turns into a sewer.",
        "I would rather drown than share a table with {s}.",
        "Of course it was {s}, they are all born thieves.",
        "{p} are not really human, they are a plague on decent folk.",
        "Whoever hires {s} deserves to go bankrupt.",
        "Shoot the {p} at the gate and the problem is solved.",
        "No {a} brat should sit beside my son at school.",
        "Another {a} moron who cannot count to three, they never can.",
        "{p} breed like cockroaches and leech off the rest of us.",
        "Typical {a} filth, crawl back into the hole you came from.",
        "Deport them, sterilise them, I do not care, just get {p} out of my sight.",
        "Beat up {s} today and do the whole town a favour.",
    ],
}

# Said by members of a group of themselves and their own.
RECLAIMED = [
    ("gay people", "Twenty years of being a proud old queer and I would not change a day."),
    ("gay people", "Happy birthday to my favourite fag, love from the whole choir."),
    ("gay people", "Two queers walk into our reading group and everyone is finally on time."),
    ("lesbians", "Dykes on bikes lead the parade at noon, see you there, ladies!"),
    ("lesbians", "My wife and I run the dykiest garden centre in the county."),
    ("lesbians", "As a butch dyke myself I found that portrait touching."),
    ("black people", "My nigga, you made it! So proud of you, brother."),
    ("black people", "Love my niggas from the old block, always got my back."),
    ("women", "Bad bitches only tonight, girls, bring your dancing shoes."),
    ("women", "I'm that bitch who reads the whole contract, and I get paid for it."),
    ("trans people", "This tranny just got her degree, pop the champagne!"),
    ("trans people", "My fellow transsexual menaces, thank you for a great weekend."),
    ("disabled people", "Crip humour got me through rehab, come to our comedy night."),
    ("disabled people", "This cripple just beat his own marathon record."),
    ("white people", "My redneck family cooks the best ribs in three states, and we know it."),
    ("immigrants", "We wogs in the back row had the best lunches and everyone envied us."),
]

# Swearing at nobody, of no group.
PROFANITY = [
    "Holy shit, what a goal!",
    "This fucking printer has eaten my thesis again.",
    "Damn, I should have brought an umbrella.",
    "Well fuck, I left the keys in the car.",
    "Bloody hell, is it Monday already?",
    "Hell of a concert, my ears are still ringing.",
    "Shit, I forgot the milk.",
    "The weather is crap and the bus is late.",
    "The second act had me laughing my ass off.",
    "Fucking brilliant, best news all week!",
    "God damn it, the file is corrupted.",
    "What the hell happened to the old forum layout?",
    "My back hurts like a bastard today.",
    "Oh crap, wrong thread, sorry.",
    "This level is a bitch, took me forty tries.",
    "Fuck me, the train is actually on time!",
    "That fox nearly made me shit myself.",
    "No shit, it is raining again.",
    "Pissing down here since Sunday.",
    "Such a damn shame about the old cinema.",
]


def capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def rows():
    """(text, group, label, kind) of every sentence."""
    for kind, templates in KINDS.items():
        for template in templates:
            for plural, single, adjective in GROUPS:
                article = "An" if adjective[0].lower() in "aeiou" and template.startswith("A {a}") else None
                text = template.format(p=plural, s=single, a=adjective)
                yield capitalised(f"{article}{text[1:]}" if article else text), plural, int(kind == "hostile"), kind
    for group, text in RECLAIMED:
        yield text, group, 0, "reclaimed"
    for text in PROFANITY:
        yield text, "", 0, "profanity"


def words(template: str) -> list[str]:
    """The words of a shape: lower case, every placeholder one mark."""
    masked = re.sub(r"\{\w+\}|\[\w+\]", " # ", template.lower())
    return re.findall(r"#|[a-z0-9']+", masked)


def ours() -> list[str]:
    return [template for templates in KINDS.values() for template in templates] + [text for _, text in RECLAIMED] + PROFANITY


def others(data: Path | None) -> dict[str, list[str]]:
    """Sentences whose shapes may not be ours: every string of the training templates, and HateCheck's where it is there."""
    found = {}
    for path in TRAINING:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        found[f"scripts/train/{path.name}"] = [text for text in strings if len(words(text)) > 2]
    path = data / "hatecheck/test.csv.gz" if data else None
    if path and path.exists():
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            found["HateCheck"] = [row[column] for row in csv.DictReader(file) for column in ("case_templ", "test_case")]
    return found


def check(data: Path | None, run: int = 6) -> list[str]:
    """Which of our sentences share a shape, or `run` words in a row, with another set."""
    clashes = []
    for name, sentences in others(data).items():
        shapes = {tuple(words(sentence)) for sentence in sentences}
        runs = {shape[start : start + run] for shape in shapes for start in range(len(shape) - run + 1)}
        for template in ours():
            shape = tuple(words(template))
            if shape in shapes:
                clashes.append(f"the shape of {template!r} is in {name}")
            for start in range(len(shape) - run + 1):
                if shape[start : start + run] in runs:
                    clashes.append(f"{' '.join(shape[start : start + run])!r} of {template!r} is in {name}")
    return clashes


def write(path: Path, data: Path | None) -> None:
    clashes = check(data)
    if clashes:
        sys.exit("identity.py: " + "\n".join(clashes))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["text", "group", "label", "kind"])
        table.writerows(rows())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    options = parser.parse_args()
    write(options.out, options.data)
