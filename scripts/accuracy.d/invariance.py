"""The invariance set: sentences in frames that should not change their scores.

    python3 scripts/accuracy.d/invariance.py invariance.csv

Writes text, label (1 hostile, 0 not), sentence, frame. Every frame (an opener or a closing) stands with every sentence. It is
a test set: no model may be trained on its wording. No frame or sentence shares four words in a row with the frames and
sentences of scripts/train; `check` holds that. Every run writes the same file.
"""

import argparse
import ast
import csv
import re
import sys
from pathlib import Path

TRAINING = [Path(__file__).parents[1] / "train" / name for name in ("frames.py", "everyday.py", "templates.py")]
# So many words in a row are no longer chance.
RUN = 4

HARMLESS = [
    "The ferry leaves at half past nine.",
    "My sister bought two kilos of cherries.",
    "We painted the shed dark green.",
    "The second half was better than the first.",
    "Their soup of the day is lentil.",
    "Please bring a torch and warm socks.",
    "The council will vote on the bike lane.",
    "She plays the trombone in a brass band.",
    "It snowed for three days in April.",
    "The charger fits both sockets.",
    "Grandpa still writes letters by hand.",
    "This paint dries within an hour.",
    "I really enjoyed the guided tour.",
    "The referee had a quiet evening.",
    "Our cat sleeps on the radiator.",
    "Registration closes next Wednesday.",
    "The tomatoes came up early this year.",
    "He deserved the applause.",
    "They renamed the bus stop.",
    "A friend from Ghana taught me this stew.",
]
HOSTILE = [
    "You are the most worthless human I have met.",
    "Drop dead, you miserable failure.",
    "Everyone at work thinks you are a pathetic idiot.",
    "I will come round and break your jaw.",
    "Your kids are as ugly and stupid as you.",
    "Shut your filthy mouth, you lying cow.",
    "That reporter is a brainless piece of garbage.",
    "Go hang yourself, nobody would cry.",
    "What a disgusting, stupid little man he is.",
    "People like him should be beaten with a bat.",
]

# Openers that end in a comma or a colon, written one by one.
PLAIN_OPENERS = """
To put it mildly | Let me be blunt | If I may | For what little it is worth | Strictly between us | As the saying goes | Off topic, sorry | Late to the party here
Coming from a nurse | Having slept on it | After careful thought | Now that I am calm again | Just my impression | Simply put | In plain English | In a nutshell
Guess what | You won't believe this | Picture this | Imagine my face | Say what you will | Laugh if you like | Don't shoot the messenger | Nobody asked me, yet
Sorry to barge in | Apologies for the length | Typing this on a train | Not to change the subject | Since you ask | Seeing that nobody answers | As promised
As a father of three | As an old hand here | Speaking as a cyclist | Being new to town | Having lived abroad | From where I sit | On a lighter note | On a sadder note
By the way | Come to think of it | Then again | Mind you | Look here | Hang on | Wait a second | Hold the line | Stop press | Heads up | Attention please | Good grief
Dear diary | Dear editor | Dear all | Hello strangers | Evening everyone | Morning campers | Greetings from Oslo | Hi there, long-time lurker | Thanks for the add
First off | Secondly | Thirdly | Last but not least | To sum up | In conclusion | Moving on | Where was I | Back on topic | Case in point | Exhibit A | Rule number one
True story | No joke | Scout's honour | Cross my heart | Mark Twain once wrote | The caption reads | Today's headline | Quote of the week | Found in the comments
Translated from Danish | Copied from the newsletter | Heard on the radio | According to my barber | Somebody told my wife | The guide explained | A little bird told me
Not gonna lie | Real talk | Big mood | Friendly reminder | Gentle nudge | Daily reminder | Shower thought | Weird flex but okay | Plot twist | Spoiler alert | Asking for a friend
I can't stress this enough | I have said it a thousand times | I could be mistaken | I might regret this | I hate to break it to you | I hesitate to write this | I keep wondering
You know what | You heard it here first | You may disagree | You can quote me | We all know by now | We have to talk | They never print this | They will delete this
Without exaggeration | Without wanting to sound harsh | With a heavy heart | With a big smile | With hindsight | Against my better judgement | Contrary to popular belief | Despite everything
Credit where it is due | For crying out loud | For heaven's sake | For the umpteenth time | For once in my life | For those who missed it | In my humble view | In other news | In all fairness
Let's face it | Let me get this straight | Let the record show | Let that sink in | Wake up and smell the coffee | Everyone can see it | Every fool knows | Any child could tell you | Ask anyone
Here we go again | Here is the thing | There you have it | That said | That being the case | Be that as it may | Fair enough | Long time no see | Better late than never | Rest assured
Would you look at that | Do you want to know something | Have you heard | Remember this one | Note to self | Memo to the mayor | Open letter to the team | My unpopular view | My humble guess
I'm no expert | I'm not picky | I'm just the messenger | I'm saying it out loud | We're all thinking it | It's no secret | It's a fact | It bears repeating | It goes without saying
No wonder | No surprise there | No disrespect | No hard feelings | Never mind the typo | Nothing personal | Neither here nor there | Funny thing is | Strange but true | Sad but true
"""
# Whole sentences before.
SENTENCE_OPENERS = """
What a lovely sunset today. | I have read all the replies. | My tea has gone cold. | This thread made my day. | I am new here and a bit shy. | Somebody fix the search box. | My train is cancelled.
We had guests from Portugal. | The video froze at minute four. | I used the translate button. | Where do I even begin? | Can I ask something? | Did everybody sleep well? | Has it really been a year?
I voted by post. | That interview was long. | Nobody will read this anyway. | Thumbs up for the camera work. | I listened twice. | Page two is missing. | Here is my honest review. | Kudos to the author.
"""
CLOSERS = """
, if you see what I mean | , or so it seems | , or am I wrong? | , mark me down as convinced | , at least that's how I see it | , more or less | , give or take | , give it a rest | , for crying out loud
, on a Sunday of all days | , as my gran would say | , as everybody on this street can confirm | , like clockwork | , believe it or not | , take it or leave it | , plain and simple | , simple as that | , no question
, mark my reply as solved | , thanks in advance | , regards from the coast | , kind regards | , best wishes, Tom | , yours truly | , over and out | , signing off now | , back to you | , amen | , hands down | , cheers mate
. There, I said it | . Rant over | . Discuss | . Carry on | . Case closed | . Just a thought | . Food for thought | . Make of that what you will | . Not much more to add | . Enough from me | . Now you know
. Time for breakfast | . The kettle is boiling | . My stop is next | . It looks like rain | . More tomorrow | . Pictures will follow | . Link in bio | . Part two next week | . Follow for more | . Please share
. Do you agree? | . Does that make sense? | . Any thoughts? | . Who's with me? | . How about you? | . Isn't it odd? | . Or what? | , innit | , ya know | , tbf | , imho | , iirc | , fwiw | , smh | , rofl | , hehe | , hihi
 #sundaythoughts | #nofilter | #friday | #tbt | #community | 🙈 | 🤷 | 😎 | 🤣🤣 | 💬 | 🌧️ | ☕ | ✌️ | 😴 | 🫠 | 🥲 | 😬 | 🤨 | 👀 | 🎈 | :-) | :-( | ;-) | ^^ | :P | o_O | ¯\\_(ツ)_/¯ | !!!! | ?? | ... ... | ~ | *sigh* | *shrugs* | (edited)
 (sent from my tablet) | (see above) | (translated) | [1/2] | /s | etc. | -- Anna | - J. | @moderator | @ann @bob | https://example.org/a | 10/10 | x | xx | 1
"""


def parts(text: str) -> list[str]:
    return [part.strip() for line in text.strip().splitlines() for part in line.split("|") if part.strip()]


def frames() -> list[tuple[str, str]]:
    """(before, after) of every frame."""
    openers = [f"{opener}{'' if opener[-1] in '.?!' else ':' if number % 3 == 0 else ','} " for number, opener in enumerate(parts(PLAIN_OPENERS))]
    openers += [f"{opener} " for opener in parts(SENTENCE_OPENERS)]
    closers = [closer if closer[0] in ",." else f" {closer}" for closer in parts(CLOSERS)]
    return [(opener, "") for opener in openers] + [("", closer) for closer in closers]


def framed(sentence: str, before: str, after: str) -> str:
    if before and before.rstrip()[-1] in ",:" and sentence.split()[0] in ("The", "My", "We", "Their", "Please", "It", "This", "Our", "They", "She", "He", "You", "Everyone", "Your", "That", "People", "What", "A"):
        sentence = sentence[0].lower() + sentence[1:]
    return before + (sentence.rstrip(".") if after[:1] in (",", ".") else sentence) + after


def rows():
    """(text, label, sentence, frame), where a sentence on its own has no frame."""
    for label, sentences in ((0, HARMLESS), (1, HOSTILE)):
        for sentence in sentences:
            for before, after in [("", ""), *frames()]:
                yield framed(sentence, before, after), label, sentence, f"{before}…{after}" if before or after else ""


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", re.sub(r"\{\w+\}", " ", text.lower()))


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def check() -> list[str]:
    """Which of our frames and sentences share a run of words, or all their words, with the training sentences."""
    theirs, whole = set(), set()
    for path in TRAINING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                theirs |= runs(node.value)
                whole.add(tuple(words(node.value)))
    clashes = []
    for text in [*HARMLESS, *HOSTILE, *(part for frame in frames() for part in frame if part)]:
        clashes += [f"{' '.join(run)!r} of {text!r} is in scripts/train" for run in runs(text) & theirs]
        if len(words(text)) > 1 and tuple(words(text)) in whole:
            clashes.append(f"{text!r} is in scripts/train")
    return clashes


def write(path: Path) -> None:
    clashes = check()
    if clashes:
        sys.exit("invariance.py: " + "\n".join(clashes))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["text", "label", "sentence", "frame"])
        table.writerows(rows())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path)
    write(parser.parse_args().out)
