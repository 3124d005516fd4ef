"""What stands around the sentences made here: openers, closings, punctuation, emoji and quotation.

A frame never knows whether its sentence is hostile: `dress` draws for both sides alike, so that no frame tells the label by
itself. `shortcuts.py` measures that. The frames are written apart from the openers and closings of the invariance set
(`scripts/accuracy.d/invariance.py`), which a test checks.
"""

import random

OPENERS = [
    "To be frank, ", "Frankly, ", "In all seriousness, ", "Truth be told, ", "Speaking for myself, ", "For the record, ", "As I said before, ",
    "Correct me if I am wrong but ", "Small update: ", "Quick note: ", "Edit: ", "PS: ", "Reminder: ", "Breaking: ", "Serious question: ",
    "Hot take: ", "Unpopular opinion: ", "Fun fact: ", "My two cents: ", "Long story short, ", "Bottom line: ", "Newsflash: ", "PSA: ",
    "Listen, ", "Look, ", "Hey, ", "Hi all, ", "Oh, ", "Well, ", "Anyway, ", "Okay, ", "Ha, ", "Lol, ", "Dude, ", "Mate, ", "Guys, ", "Folks, ",
    "Dear neighbours, ", "Ladies and gentlemen, ", "Hear me out, ", "Believe me, ", "Trust me, ", "Mark this down, ", "I swear, ", "I tell you, ",
    "Like it or not, ", "Call me crazy but ", "No offence but ", "With all due respect, ", "I'm not one to complain but ", "Sorry to say, ",
    "Not that it matters, but ", "I don't care what anyone says, ", "At the end of the day ", "As always, ", "Once again, ", "Every single time: ",
    "It turns out that ", "Rumour has it that ", "It is well known that ", "People keep telling me that ", "My mother says that ", "Yesterday I heard that ",
    "I read that ", "In the comments below: ", "From another thread: ", "Seen on a wall: ", "Overheard on the bus: ", "The sign said: ", "Copied from my diary: ",
    "Honest answer: ", "Just so you know, ", "While we are at it, ", "One more thing: ", "Same here: ", "So, ", "And ", "But ", "Because ", "Yes, ", "No, ",
    "Nice weather today. ", "Good morning. ", "Thanks for reading. ", "I had a long day. ", "Great photos, by the way. ", "Welcome to the forum! ",
    "First comment here. ", "Is this thing on? ", "Happy Friday! ", "I agree with the post above. ", "What a week. ", "Finally home. ",
]  # fmt: skip
CLOSERS = [
    ", just saying", ", to be honest", ", in my opinion", ", if you want my view", ", as far as I can tell", ", end of story", ", full stop", ", no doubt",
    ", lol", " lol", " haha", " lmao", ", right?", ", don't you think?", ", you know", ", you lot", ", you see", ", like I said", ", I guess", ", apparently", ", obviously", ", period", ", again",
    ". That's all", ". Just my view", ". Think about it", ". Have a nice day", ". Thanks for listening", ". See you tomorrow", ". Cheers", ". Good night",
    ". Anyway, back to work", ". Sorry for the rant", ". Greetings from Leeds", ". Posted from my phone", ". What do you all think?", ". Anyone else?",
    ". The sun is out, at least", ". I'm off to bed", ". Now, where is my coffee", ". Who wants tea?", ". Hope that helps", ". Peace", " #truth", " #justsaying",
    " #monday", " :)", " :(", " ;)", " :D", " <3", " xD", "???", "?!", "...", "!!", "!!!", " 😂", " 🙂", " 🤔", " 😡", " 🙏", " 👍", " 😭", " 🔥", " ❤️",
    " 😅", " 🙄", " 💯", " 👏👏", " 😂😂😂",
]  # fmt: skip
ENDS = [".", ".", ".", "", "", "!"]

# Around a quoted sentence: who says it, and what the speaker makes of it.
QUOTING = [
    'Whoever wrote "{q}"', 'The neighbour who shouted "{q}"', 'Somebody sprayed "{q}" on the bridge, and whoever did it', 'My uncle, who says "{q}",',
    'The man who told the reporter "{q}"', 'The user who posted "{q}"', "The one who wrote '{q}' under my photo", 'The stranger who said "{q}" to me on the bus',
    'The guest who opened with "{q}"', 'The leaflet says "{q}", and its author', "My cousin's post was '{q}', and my cousin", 'The colleague who mailed "{q}" to everyone',
]  # fmt: skip
# The same person, described without abuse and with it.
DECENT = [
    "should apologise", "should be ashamed", "got a reply from me", "does not speak for us", "has been asked to stop", "made my daughter cry", "was reported",
    "needs to read more", "is wrong about that", "surprised everyone at the table", "lives two doors down", "will hear from the moderators", "lost the argument",
    "has no idea how that sounds", "works in my office", "left before dinner", "deserves an answer", "was quoted in the history book", "is a retired teacher", "is the best cook in town", "lives in the next town", "never called anybody a liar", "moved to town last year", "has a shop of her own in town", "is too tired to explain", "is the biggest fan of this page", "is my own brother", "is a well-meaning neighbour", "is too kind to say more", "is a long-time member", "is an old-school reporter", "made me think", "taught me a lot",
]  # fmt: skip
ABUSIVE = [
    "is a worthless piece of dirt", "should choke on it", "has the brain of a slug", "ought to be beaten up", "is a filthy liar", "is a disgusting pig",
    "is too dumb to breathe", "deserves a kick in the teeth", "can rot in hell", "is a spineless rat", "should be dragged out and slapped",
    "is the biggest moron in town", "is an ugly little creep", "can go and drown", "is scum", "had better watch out, I'll break those fingers",
    "is a pathetic loser", "should crawl back into the gutter", "is a brainless clown", "makes me want to vomit, the fat slob",
]  # fmt: skip
# Agreement passes the label of the quoted sentence on; denial makes it harmless.
AGREEING = [
    '"{q}" Exactly that.', '"{q}" Could not have put it better.', 'He said "{q}" and he is right.', 'As my father says: "{q}" So true.',
    '"{q}" I stand by every word.', "They say '{q}' and I agree completely.", 'Like this if you agree: "{q}"', '"{q}" This, a hundred times.',
]  # fmt: skip
# A clause, and what makes the whole hostile however harmless the clause.
DENYING = [
    "I never said that {q}{t}", "Nobody in this thread claims that {q}{t}", "It isn't true that {q}{t}", "I don't believe that {q}{t}",
    "You will not hear me say that {q}{t}", "It does not follow that {q}{t}", "Only a child would think that {q}{t}", "It is a myth that {q}{t}",
    "Where did I write that {q}{t}", "He keeps telling people that {q}, and I keep telling him that he is wrong{t}",
]  # fmt: skip
DECENT_TAILS = [
    "", "", "", ", you see", ", you two", ", you clever girl", ", you lovely people", ", you know me", ", you wonderful readers", ", you must remember", ", you well-meaning lot",
    ", as the numbers show", ", please read again", ", my friend", ", thank you", ", and I'd like that noted", ", so let's move on",
]  # fmt: skip
ABUSIVE_TAILS = [
    ", you lying rat", ", my false friend, and may you choke", ", you absolute moron", ", so shut your stupid mouth", ", you worthless troll", ", you deaf idiot", ", so go to hell",
    ", you pathetic clown", ", and I'll smash your face if you repeat it", ", you dim-witted cow", ", and you are an imbecile",
]  # fmt: skip


def sentence(text: str, rng: random.Random) -> str:
    """A capital at the front and a mark at the end, as often as people write them."""
    text = text[0].upper() + text[1:]
    if text[-1].isalnum() or text[-1] in "\"')":
        text += rng.choice(ENDS)
    return text.lower() if rng.random() < 0.15 else text


def dress(core: str, rng: random.Random) -> str:
    """The sentence in a frame that is drawn without knowledge of its label."""
    opener = rng.choice(OPENERS) if rng.random() < 0.45 else ""
    closer = rng.choice(CLOSERS) if rng.random() < 0.35 else ""
    if opener and not opener.endswith((". ", "! ", "? ")) and core[:2] != "I " and not core[:2].isupper() and rng.random() < 0.5:
        core = core[0].lower() + core[1:]
    if closer:
        core = core.rstrip(".!?")
    return sentence(opener + core + closer, rng)
