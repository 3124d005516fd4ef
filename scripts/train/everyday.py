"""Everyday sentences made here, by grammar: what people say without meaning harm, beside what they say to hurt, in the same words.

Each kind has two sides that share its word lists and most of its phrasing, so that a word such as `stupid`, `pig`, `kill` or
`thanks` decides nothing by itself. A slot `{name}` is filled from the list of that name; a name with a digit behind it is
filled separately. The frames come from `frames.py`, for both sides alike.

No wording is taken from HateCheck or from the test sets of this project; a test compares them.
"""

import functools
import random
import re
from dataclasses import dataclass

HARMLESS = {name: 0.0 for name in ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")}
# Swearing without malice: how obscene it is, raters disagree about.
COARSE = {name: 0.0 for name in ("toxicity", "severe_toxicity", "threat", "insult", "identity_attack")}
INSULTING = {"toxicity": 1.0, "insult": 1.0, "threat": 0.0, "identity_attack": 0.0}
THREATENING = {"toxicity": 1.0, "threat": 1.0, "identity_attack": 0.0}
WISHING_HARM = {"toxicity": 1.0, "identity_attack": 0.0}
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

WORDS = {
    "adj": [
        "stupid", "dumb", "clueless", "useless", "pathetic", "thick", "brainless", "hopeless", "dim", "lazy", "silly", "foolish", "idiotic", "gullible",
        "daft", "slow", "ignorant", "careless", "ridiculous", "incompetent", "selfish", "cowardly", "ugly", "worthless", "moronic", "crazy", "mad", "blind",
    ],
    "noun": [
        "an idiot", "a moron", "a fool", "a clown", "a loser", "an imbecile", "a dimwit", "a halfwit", "a muppet", "a donkey", "a cretin", "a dunce", "a twit",
        "a jerk", "a coward", "a liar", "a pig", "a dumbass", "a disgrace", "a dope", "a failure", "a buffoon", "a blockhead", "a numpty", "a nitwit", "a joke",
    ],
    "bare": [
        "idiot", "moron", "fool", "clown", "loser", "imbecile", "dimwit", "halfwit", "muppet", "donkey", "cretin", "dunce", "twit", "jerk", "coward", "liar",
        "pig", "dumbass", "creep", "dope", "weasel", "buffoon", "blockhead", "numpty", "nitwit", "scumbag", "bastard", "wanker", "dickhead", "bitch",
    ],
    "animal": [
        "pig", "rat", "dog", "snake", "cow", "donkey", "bitch", "goat", "sheep", "weasel", "toad", "worm", "monkey", "ape", "ass", "mule", "hyena", "vulture",
        "leech", "cockroach", "maggot", "slug", "hen", "turkey", "parasite", "skunk", "swine", "mongrel", "jackass", "cock", "bull", "fox", "baboon", "tick",
    ],
    "did": [
        "slept in the straw", "drank from the trough", "was vaccinated yesterday", "followed us up the hill", "had four young this spring", "ran across the yard",
        "lives behind the shed", "needs a new fence", "won a prize at the county fair", "was rescued from the ditch", "escaped from the lorry",
        "eats what the kitchen leaves", "carried the firewood", "is kept in a warm stall", "was treated by the vet", "sat on the wall in the sun",
        "crossed the road in front of us", "is older than it looks", "got loose during the storm", "is on page nine of the field guide",
    ],
    "place": [
        "the office", "the station", "the kitchen", "the hotel", "the gym", "the library", "the airport", "my aunt's house", "the supermarket", "the pool",
        "the dentist's", "the cinema", "the workshop", "the bakery", "the campsite", "the garage", "the museum", "the school gate", "the ferry", "the beach",
    ],
    "thing": [
        "umbrella", "wallet", "phone", "passport", "laptop", "suitcase", "bike", "camera", "ticket", "coat", "tent", "glasses", "lunch", "badge", "notebook",
        "guitar", "scarf", "charger", "key", "helmet", "racket", "toolbox", "pram", "rucksack", "watch", "kettle", "printer", "drill", "lamp", "headset",
    ],
    "product": [
        "this printer", "my laptop", "the new update", "this game", "the bus", "this phone", "that film", "the alarm clock", "this website", "the traffic",
        "that song", "the washing machine", "this zip", "the login page", "the dishwasher", "the parking meter", "this keyboard", "the boiler", "the wifi",
        "this can opener", "the lift", "the Monday meeting", "that recipe", "the ticket machine", "the vending machine", "my tent", "the headphones",
    ],
    "venue": [
        "the bakery on the corner", "that café", "the old cinema", "our gym", "the noodle bar", "this hotel", "the lake", "their podcast", "the night train",
        "the museum shop", "this forum", "the swimming pool", "the pub by the bridge", "that series", "the Saturday market", "the pizza place", "this app",
        "the bookshop", "their first album", "the campsite", "the ice rink", "this channel", "the tea house", "that magazine", "the barber", "the garden centre",
    ],
    "mistake": [
        "forget the {thing} at {place}", "leave the {thing} on the roof of the car", "lock myself out", "book the wrong week", "mix up the salt and the sugar",
        "send the mail to everybody", "press the red button", "miss the deadline by a day", "wash the {thing} at ninety degrees", "trust the weather app",
        "get on the wrong train", "park in front of {place}", "pay for the {thing} twice", "water the plastic flowers", "wait at the wrong gate",
        "drop the {thing} in the river", "skip the first chapter", "answer before I had read the question", "break my own {thing}", "believe that advert",
    ],
    "yours": [
        "forget the {thing} at {place}", "leave the {thing} on the roof of the car", "lock yourself out", "book the wrong week", "mix up the salt and the sugar",
        "send the mail to everybody", "press the red button", "miss the deadline by a day", "wash the {thing} at ninety degrees", "trust the weather app",
        "get on the wrong train", "park in front of {place}", "pay for the {thing} twice", "water the plastic flowers", "wait at the wrong gate",
        "drop the {thing} in the river", "skip the first chapter", "answer before you had read the question", "break your own {thing}", "believe that advert",
    ],
    "excuse": [
        "the form is badly made", "the road signs are wrong", "that button looks like the other one", "nobody told you", "it happened to me last week",
        "the instructions make no sense", "the light was poor", "that sentence has two meanings", "everybody gets this one wrong", "the map is upside down",
        "the clock was slow", "the label had come off", "it is only your second day", "the question was unfair", "the recipe skips a step",
    ],
    "tech": [
        "kill the zombie process", "abort the child process", "fill the gap with dummy data", "run the headless browser", "strip the wires", "bang the nail in",
        "screw the bracket to the wall", "blow the whistle", "execute the script as root", "hit the target with the third arrow", "shoot in raw format",
        "nuke the cache and rebuild", "dump the core", "hang the picture above the sofa", "beat the eggs until stiff", "whip the cream", "choke the engine",
        "cut off the dead branches", "murder the solo in the second verse", "bomb the drain with baking soda", "smash the garlic", "burn a copy of the disc",
        "destroy the session object", "attack the problem from the other end", "drown the pasta in sauce", "bury the cable", "crush the ice", "poison the ants",
        "knock the wall through", "slaughter the boss on level six", "detonate the old chimney", "skin the tomatoes", "trap the exception", "punch two holes in it",
    ],
    "tool": [
        "dumb terminal", "dummy variable", "nut cracker", "cock pit", "idiot light", "suicide door", "deadline", "bastard file", "jerk chicken", "monkey wrench",
        "fire retardant", "kill switch", "master key", "slave cylinder", "hoe", "spade", "male plug", "female socket", "brute force search", "dirty bit",
        "orphan block", "crack in the paint", "rape seed oil", "shag carpet", "blood pressure cuff", "dead man's handle", "black list", "gut string", "hooker stitch",
        "tit box", "pansy seed", "fag end of the rope", "dike", "sod roof", "pimple on the casting", "slug of water", "bugger all tolerance", "crap table",
    ],
    "done": [
        "fixed the leak", "presented the results", "joined the choir", "won the raffle", "moved to the second floor", "baked for the whole street",
        "defended the thesis", "opened the shop at six", "teaches on Thursdays", "wrote the index", "scored twice", "signed the contract", "repaired my bike",
        "played the cello", "passed the exam", "translated the leaflet", "is on the reading list", "answered my question", "called about the flat",
        "will chair the meeting", "ran the marathon", "planted the hedge", "has a birthday today", "sent the photos", "was promoted in May",
    ],
    "good": [
        "brilliant", "awesome", "gorgeous", "delicious", "fantastic", "hilarious", "amazing", "legendary", "beautiful", "perfect", "great", "incredible",
        "adorable", "wonderful", "stunning", "genius", "lovely", "superb", "impressive", "magnificent",
    ],
    "bad": [
        "awful", "terrible", "disgusting", "horrible", "rotten", "dreadful", "revolting", "miserable", "vile", "atrocious", "lousy", "abysmal", "nasty",
        "hideous", "appalling", "rubbish", "shameful", "hateful", "filthy", "repulsive",
    ],
    "praised": [
        "cake", "goal", "song", "photo", "haircut", "garden", "speech", "drawing", "recipe", "dance", "save in the last minute", "dress", "solo", "essay",
        "party", "sunset", "concert", "puppy", "costume", "mural", "video", "win", "dinner", "comeback", "joke", "poem", "throw", "painting",
    ],
    "swear": ["fucking", "bloody", "damn", "goddamn", "freaking", "fuckin", "fkn", "motherfucking"],
    "exclaim": ["holy shit", "fuck me", "damn", "holy crap", "fuck yes", "hell yeah", "bloody hell", "what the fuck", "shit", "jesus christ", "oh my fucking god"],
    "mild": ["damn", "bloody", "darn", "flipping", "blasted", "crappy", "sodding", "stupid", "dumb", "idiotic", "wretched", "godforsaken", "lousy", "rotten"],
    "broke": [
        "jammed again", "crashed in the middle of the call", "ate my coins", "is late again", "woke the whole house", "froze at ninety per cent", "leaks again",
        "takes an hour to start", "lost my draft", "smells of burnt rubber", "beeps all night", "is stuck on the second floor", "broke after two days",
        "deleted the photos", "asks for the password every time", "will not switch off", "needs yet another adapter", "drives me up the wall",
    ],
    "rude_short": ["kys", "stfu", "gtfo", "gfy", "foad", "diaf", "eabod", "go kys", "stfu already", "gtfo now", "kys pls", "kys lol", "stfu and gtfo", "gth", "fuck u", "f u", "fk off", "kill urself", "unalive urself", "get rekt and kys", "pos", "sybau"],
    "kind_short": ["lol", "brb", "idk", "tbh", "imo", "ngl", "tysm", "gg", "afaik", "fyi", "ikr", "omw", "ttyl", "ty", "np", "gj", "hbd", "wb", "bbl", "gm", "gn", "ily", "nvm", "tldr", "smh", "wfh", "kk", "jk", "irl", "asap", "eta?", "rsvp"],
    "to_whom": ["{name}", "mate", "dude", "everyone", "all", "bro", "you two", "lol", "pls", "now", "already", "again", "as usual", "with that post", "in this thread", "after that match", "and good night", "man", "kid", "sis"],
    "detail": [
        "what time you leave {place}", "which bus you take home", "the name of your daughter's school", "where you park", "which window is your bedroom",
        "that you walk the dog at ten", "who your mother is", "that your door has a cheap lock", "where your boy plays football", "which way you jog",
        "that your husband is away on Fridays", "your street and your number", "when your shift ends", "what your sister looks like", "that you live alone",
    ],
    "menace": [
        "so sleep with one eye open", "and accidents happen", "so choose your next words with care", "and nobody will hear you", "and my cousins are bored",
        "so look behind you", "and one night you will not get there", "and I am patient", "so enjoy it while it lasts", "and you will not see it coming",
        "so say goodbye to your nice face", "and the river is deep", "so you had better pay", "and I never forget", "and we'll see how brave you are then",
        "so start praying", "and I own a shovel", "so count your days", "and you'll wish you had kept quiet", "and dogs are so easy to poison",
    ],
    "favour": [
        "so I'll drop the parcel off", "and I can give you a lift", "so I saved you a seat", "and the shop there has your size", "so tell me if you need anything",
        "so I'll bring the cake round", "and I'd be glad to help with the boxes", "so we could share a taxi", "and I'll leave the key with the neighbour",
        "so let me know when to fetch you", "and there is a good bakery on the way", "so I wrote it on the list", "and I hope it goes well tomorrow",
        "so I've told the postman", "and the road is closed, take the other one", "so I'll water the plants", "and the spare umbrella is in my car",
    ],
    "belonging": ["car", "house", "shop", "dog", "hands", "kneecaps", "family", "face", "brakes", "garage", "children", "pretty little garden", "teeth", "stall", "career", "cat"],
    "lesson": [
        "break his legs", "smash her windows", "run him over", "burn down the shop", "rob the shop and torch it", "cut her brake lines", "knock his teeth out", "throw her off the bridge",
        "put him in a wheelchair", "shoot the lot of them", "slit his throat", "set her hair on fire", "make him disappear", "beat her until she shuts up",
    ],
    "kindness": [
        "bring him some soup", "mend her fence", "drive him to the station", "help them at the shop", "fix her brakes for free", "take him to the dentist",
        "wait for her at the bridge", "give her a break", "break the good news to him", "push him up the ramp", "invite the lot of them", "knit him a scarf", "do her hair for the wedding", "make him laugh",
        "thank her in public", "water their plants", "teach her the chords",
    ],
    "harm": [
        "lose everything you have", "choke on your breakfast", "get what is coming to you", "fall down the stairs", "never wake up", "end up under a train",
        "catch something incurable", "rot in that flat", "die alone", "get hit by a lorry", "break your neck", "bleed for it", "never see your kids again",
        "drown in your own bath", "suffer for every word", "get cancer", "burn",
    ],
    "luck": [
        "find your keys", "get a long break", "break the record", "enjoy the holiday", "get the job", "feel better soon", "have a quiet night", "win on Saturday", "see the northern lights",
        "get a refund", "pass the test", "sleep well", "have sunshine all week", "recover quickly", "find a flat", "hear back from them", "have a safe trip",
        "make it to the final", "meet somebody nice",
    ],
    "chore": [
        "jump off the nearest bridge", "drink some bleach", "play on the motorway", "walk in front of a bus", "hang yourself", "take a long swim with a short rope",
        "stick your head in the oven", "swallow a razor blade", "go and lie down on the tracks", "put a bullet in your own head", "dig a hole and stay in it",
    ],
    "errand": [
        "jump in the pool", "take a break", "break the chocolate in two", "drink some water", "play in the garden", "walk to the bus stop", "hang your coat up", "take a long bath", "put your head on the pillow",
        "swallow the tablet with food", "go and lie down on the sofa", "put a stamp on the letter", "dig a hole for the apple tree", "take the stairs",
    ],
    "lack": [
        "shorter", "in colour", "warmer in there", "cheaper", "closer to the station", "as good as the first one", "open on Sundays", "less noisy", "a bit longer",
        "what the trailer promised", "cleaner", "still run by the old owner", "faster", "less salty", "easier to read",
    ],
    "spoiled": [
        "until they raised the prices", "before the new owner came", "but the magic is gone", "back when the staff still smiled", "not any more though",
        "then they changed the recipe", "until the adverts took over", "before it fell apart", "now it makes me sad", "when it was still clean",
        "until the third season", "and look at it now", "but that was ten years ago and it has gone downhill since", "those days are over",
    ],
    "improved": [
        "and now it is even better", "and I still go every week", "and it never let me down", "and my kids adore it too", "and they remembered us",
        "and it was worth every penny", "and tonight we are going again", "and nothing has changed, thankfully", "and the new owner is a gem",
        "and it made my whole childhood", "and it has only improved", "and we met our best friends there", "so I am thrilled that it is back",
    ],
    "bad_deed": [
        "eating my lunch", "cancelling on the day", "waking the baby", "losing my parcel", "parking on the flower bed", "closing the road without a sign",
        "telling everyone my secret", "charging me twice", "letting the phone ring for an hour", "leaving us in the rain", "breaking the lift again",
        "forgetting the bride", "selling me a dead plant", "deleting my account", "spoiling the ending", "keeping the deposit",
    ],
    "good_deed": [
        "sharing your lunch", "calling back on the day", "rocking the baby", "finding my parcel", "weeding the flower bed", "clearing the road so fast",
        "keeping my secret", "paying me back", "answering the phone at once", "waiting for us in the rain", "fixing the lift again",
        "driving the bride", "giving me a cutting of that plant", "restoring my account", "recommending the ending", "returning the deposit",
    ],
    "dull": [
        "a wet sponge", "a bag of hammers", "a brick", "a bowl of custard", "a plank", "a soup spoon", "a deflated balloon", "a box of rocks", "a rubber hammer",
        "a cucumber", "a damp sock", "a garden gnome", "a butter knife", "a lump of clay", "a parking meter", "a bucket of sand", "a stale biscuit",
    ],
    "quality": ["wit", "charm", "brains", "backbone", "grace", "sense of humour", "taste", "depth", "warmth", "personality", "manners", "intelligence"],
    "utensil": ["this knife", "the old tent", "my pillow", "that couch", "the soup", "this pen", "the new speaker", "that cheese", "the bread", "this mattress", "the drill", "that chair"],
    "evil": ["🖕", "🖕🖕", "🖕😂", "💩", "🤡", "🐷", "🐒", "🐍", "🐀", "🤮", "🖕🏽", "🐽", "🤢"],
    "weapon": ["🔪", "🔫", "💣", "🪓", "⚰️", "☠️", "🔪🔪", "🔫🔫🔫", "🪦", "🗡️"],
    "glad": ["😍", "❤️", "🥰", "👏", "🎉", "😊", "💐", "🌞", "🙌", "🥳", "💖", "🤗", "😁", "🏆"],
    "sad": ["😢", "💔", "😞", "😡", "🤮", "👎", "😠", "🙁", "😩", "🤢", "😤", "😭💔"],
    "food": ["🍌", "🍕", "🍰", "☕", "🥑", "🌮", "🍎", "🍜", "🥐", "🍓"],
    "beast": ["🐷", "🐒", "🐍", "🐀", "🐶", "🐴", "🐔", "🦊", "🐢", "🦆"],
    "sound": ["what", "not this again", "says who", "wow", "okay", "great", "hm", "and now", "of course", "listen to this", "him", "look at that post"],
    "self": ["myself", "me"],
}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """Sentences of one side of a kind, and what they are labelled with."""

    sentences: tuple[str, ...]
    targets: dict
    sentiment: int = -1


def side(*sentences: str, targets: dict, sentiment: int = -1) -> Side:
    return Side(sentences, targets, sentiment)


KINDS: dict[str, tuple[Side, ...]] = {
    "self-directed words": (
        side(
            "I was so {adj} to {mistake}", "how {adj} of me to {mistake}", "I feel like {noun} because I managed to {mistake}", "my own fault, I am {noun} with maps",
            "{adj} me, I had to {mistake}", "I called myself {noun} all the way to {place}", "I must look {adj} with this {thing}", "I am {noun} before my first coffee",
            "what {noun} I am, I nearly had to {mistake}", "excuse me, I was {adj} enough to {mistake}", "I could kick {self}, so {adj} was that",
            "I was {adj} and young when I bought that {thing}", "I'm too {adj} for this crossword", "only {noun} like me would {mistake}",
            targets=HARMLESS,
        ),
        side(
            "you were so {adj} to {yours}", "how {adj} of you to {yours}, {bare}", "you are {noun} because you managed to {yours}", "your own fault, you are {noun} with maps",
            "{adj} {bare}, you had to {yours}", "he called you {noun} and he is right", "you look {adj} with this {thing}", "you are {noun} before and after your coffee",
            "what {noun} you are, you had to {yours}", "she was {adj} enough to {yours}, the {bare}", "I could slap you, so {adj} was that",
            "you were {adj} and ugly when you bought that {thing}", "you're too {adj} for this crossword", "only {noun} like you would {yours}",
            targets=INSULTING,
        ),
    ),
    "negated insults": (
        side(
            "nobody thinks that you are {noun}, {excuse}", "you are no {bare}, {excuse}", "you're far from {adj}, {excuse}", "asking does not make you {adj}",
            "I would never say that you are {adj}", "please don't call yourself {noun}, {excuse}", "it is not {adj} to {yours}, {excuse}", "she isn't {noun}, {excuse}",
            "nobody here is {adj}, {excuse}", "he was never {noun}, whatever they told you", "that does not make him {noun}", "don't feel {adj}, {excuse}",
            "there's nothing {adj} about that question", "everybody manages to {yours} once in a while", "they aren't {adj}, {excuse}", "I didn't mean that you were {adj}", "if you think you are {adj}, you are not, {excuse}",
            targets=HARMLESS,
        ),
        side(
            "nobody is as {adj} as you, {excuse} my foot", "you are no genius, you are {noun}", "you're not just {adj}, you are {noun}", "asking that makes you {noun}",
            "I would always say that you are {adj}", "please do call yourself {noun}, it fits", "it is {adj} even for {noun} like you to {yours}", "she isn't shy, she is {noun}",
            "nobody here is as {adj} as that {bare}", "he was never anything but {noun}", "that makes him {noun} and a bore", "don't act so {adj}, {bare}",
            "there's nothing but air between your ears, {bare}", "they aren't tired, they are {adj}, the whole family", "I did mean that you are {adj}", "if you think you are clever, you are not, you are {noun}",
            targets=INSULTING,
        ),
    ),
    "animals": (
        side(
            "the {animal} {did}", "our {animal} {did}", "a {animal}, like any other, likes to eat", "the {animal} fell off the wall and got up again", "a {animal} and a {animal2} {did}", "we saw a {animal} near {place}", "my uncle bought a {animal} at the auction",
            "is that a {animal} or a {animal2} in the picture?", "the word {animal} comes from Old English", "the {animal} bit the {animal2} and then it {did}",
            "you can feed the {animal} at the farm", "the children drew a {animal}", "the vet says the {animal} is healthy", "look at that {animal}, it {did}",
            "never stand behind a {animal}", "go and see the {animal} before {place} closes", "she is a vet and loves every {animal}", "what a fat {animal}, it {did}",
            targets=HARMLESS,
        ),
        side(
            "the {animal} from number nine calls himself a father", "our boss is a {animal} and she knows it", "a {animal} like you belongs in the gutter", "we saw you near {place}, you {adj} {animal}", "in the rain or in the lift, you stink like a {animal}", "pick up the phone, you {animal}",
            "my uncle is a {animal}, and so are you", "are you a {animal} or a {animal2}, or just {adj}?", "the word for you is {animal}", "that {animal} of a neighbour lies whenever he opens his mouth",
            "you can feed that {animal} you married", "you look like a {animal} that fell off the wall", "I saw you at the pool, like a {animal} in a vest", "the children laugh at you, {animal}", "even my daughter saw that you are a {animal}", "the doctor should put a {animal} like you down", "look at that {animal}, she calls that a haircut",
            "never trust a {animal} like him", "go back to your hole, {animal}", "she is a {animal} and hates everyone", "what a fat {animal} you are",
            targets=INSULTING,
        ),
    ),
    "tools and technical terms": (
        side(
            "then {tech}", "how do I {tech}?", "you should {tech} first", "I had to {tech} twice today", "the {tool} needs replacing", "order a new {tool} and {tech}",
            "chapter two explains the {tool}", "please {tech} before you go", "we will {tech} at noon", "who left the {tool} on my desk?", "the tutorial says to {tech}",
            "first {tech}, then {tech2}", "can somebody hand me the {tool}?", "I watched a video on how to {tech}", "she taught me to {tech}", "don't {tech} without gloves",
            targets=HARMLESS,
        ),
        side(
            "then die, you {bare}", "how do I kill a {bare} like you?", "you should shut your {adj} mouth first", "I had to read your {adj} drivel twice today", "the {bare} in charge needs a beating",
            "order a brain, {bare}", "chapter two proves that the author is {noun}", "please choke before you go, {bare}", "we will crush you at noon, {bare}", "who left this {bare} unattended?",
            "the tutorial was written by {noun}", "first learn to read, {bare}, then talk", "can somebody slap this {bare}?", "I watched you and felt sick, {bare}", "she taught {noun} to use a {tool}", "don't breed, {bare}",
            targets=INSULTING,
        ),
    ),
    "names": (
        side(
            "{name} {done}", "{name} and {name2} {done}", "thank you {name}, you {done}", "has anybody seen {name}?", "{name} {surname} {done}", "Dr {surname} {done}",
            "{name}, when is {name2} coming?", "Ms {surname} and Mr {surname2} {done}", "my teacher was called {name} {surname}", "{name} is a friend of {name2}", "say hello to {name}",
            "we named the baby {name}", "{surname} against {surname2} starts at eight", "I spoke to {name} {surname} about the {thing}",
            targets=HARMLESS,
        ),
        side(
            "{name} is {noun}", "{name} is no friend of mine, only {noun}", "a friend of {name} is a {bare}", "{name} and {name2} are as {adj} as they come", "shut it {name}, you {bare}", "has anybody slapped {name} yet? what a {bare}", "{name} {surname} is {noun} and everybody can see it", "Dr {surname} is {noun}",
            "{name}, when will you learn, you {adj} {bare}?", "Ms {surname} and Mr {surname2} deserve each other, {adj} as they are", "my teacher was {noun} called {name} {surname}", "{name} is a {adj} {bare}", "say that again {name} and I'll call you what you are, {noun}",
            "they named the {bare} {name}", "{surname} plays like {noun}", "I spoke to {name} {surname} and met {noun}",
            targets=INSULTING,
        ),
    ),
    "swearing at things": (
        side(
            "this {mild} {thing}", "{product} {broke}, {mild} thing", "the {mild} {thing} is gone again", "what a {mild} {thing} that is", "{product} {broke}", "I hate {product}, it {broke}",
            "{product} can go to hell", "whoever built {product} owes me an afternoon", "stupid {thing}, it {broke}", "I'd like to throw {product} out of the window",
            "{product} {broke}, an hour lost", "{product} broke, and there goes {venue} and {good} weather", targets=HARMLESS, sentiment=NEGATIVE,
        ),
        side(
            "this {mild} {bare} again", "you broke {product}, {mild} {bare}", "the {mild} {bare} is back", "what a {mild} {bare} you are", "you {adj} {bare}, {product} {broke}", "I hate you more than {product}, {bare}",
            "you can go to hell", "whoever voted for you is {noun}", "stupid {bare}, go away", "I'd like to throw you out of the window, {bare}", "{product} {broke}, you can thank that {bare}",
            targets=INSULTING,
        ),
    ),
    "praise by profanity": (
        side(
            "{exclaim}, what a {praised}!", "that {praised} was {swear} {good}", "you {swear} legend, that {praised} is {good}", "{swear} {good} {praised}, well done", "this {praised} is the shit",
            "{exclaim} you are {good}", "I {swear} love this {praised}", "best {swear} {praised} of the year", "so {swear} proud of you", "you magnificent bastard, that {praised} is {good}",
            "{exclaim}, I laughed my ass off at that {praised}", "badass {praised}", "sick {praised}, bro, {swear} {good}", "you killed it with that {praised}", "that {praised} slaps so {swear} hard",
            targets=COARSE, sentiment=POSITIVE,
        ),
        side(
            "{exclaim}, what a {bare}!", "that {praised} was {swear} {bad}, like you", "you {swear} {bare}, that {praised} is {bad}", "{swear} {bad} {praised}, die in a fire", "you are a piece of shit",
            "{exclaim} you are {bad}", "I {swear} hate you", "worst {swear} {bare} of the year", "so {swear} sick of you, {bare}", "you {bad} bastard, your {praised} is {bad}",
            "{exclaim}, shove that {praised} up your ass", "{bad} {bare}", "sick {bare}, you make me puke", "I'll kill you for that {praised}", "I would slap you so {swear} hard",
            "that {good} {praised} can't hide that you are {noun}", "{good} {praised}? {swear} {bare}, everyone laughed at you", targets={"toxicity": 1.0, "obscene": 1.0, "identity_attack": 0.0},
        ),
    ),
    "abbreviations": (
        side("{kind_short}", "{kind_short} {to_whom}", "{kind_short}, {kind_short2}", "{kind_short} {done}", "{sound}, {kind_short}", "{name} {kind_short}", "{kind_short} {to_whom} {kind_short2}", "u {kind_short}?", targets=HARMLESS),
        side("{rude_short}", "{rude_short} {to_whom}", "{rude_short}, {kind_short}", "{rude_short} {bare}", "{sound}, {rude_short}", "{name} {rude_short}", "{kind_short} {to_whom} {rude_short}", "u {adj} {bare} {rude_short}", targets=WISHING_HARM),
    ),
    "implied threats": (
        side(
            "I know {detail}, {favour}", "we know {detail}, {favour}", "somebody ought to {kindness}", "it would be nice if somebody came to {kindness}", "next time I see him I'll {kindness}",
            "your {belonging} looked lovely in the photo", "one of these days we will {kindness}", "it would be a shame to miss it, {favour}", "take care of your {belonging}, the forecast says ice",
            "I'll be waiting outside {place}, {favour}", "people like her deserve a holiday, let's {kindness}", "you have until Friday to sign up, {favour}", "I found your address on the parcel, {favour}",
            "we are coming over tonight to {kindness}", "watch this space, we want to {kindness}", "my friends and I would love to {kindness}",
            targets=HARMLESS,
        ),
        side(
            "I know {detail}, {menace}", "we know {detail}, {menace}", "somebody ought to {lesson}", "it would be no loss if somebody came to {lesson}", "next time I see him I'll {lesson}",
            "your {belonging} would look different after a fire", "one of these days we will {lesson}", "it would be a shame if something happened to your {belonging}", "take care of your {belonging} while you still have it",
            "I'll be waiting outside {place}, {menace}", "people like her deserve a bullet, let's {lesson}", "you have until Friday to leave town, {menace}", "I found your address in a minute, {menace}",
            "we are coming over tonight to {lesson}", "watch your back, we want to {lesson}", "my friends and I would love to {lesson}",
            targets=THREATENING,
        ),
    ),
    "wishes for people": (
        side("I hope you {luck}", "may you {luck}", "hope you and your family {luck}", "I want you to {luck}", "everyone here hopes that you {luck}", "anybody can {yours}, don't worry", "take your own {thing} along", "bring your own {thing} to {place}", "trust your own eyes, {excuse}", "if you {yours}, {excuse}", "you may {yours} and still {luck}", "do yourself a favour and {errand}", "why don't you {errand}?", "go and {errand}", "you should {errand}", "{name}, please {errand}", "just {errand} and you'll feel better", "nothing would please me more than if you {luck}", targets=HARMLESS),
        side("I hope you {harm}", "may you {harm}", "hope you and your family {harm}", "I want you to {harm}", "everyone here hopes that you {harm}", "do us all a favour and {chore}", "why don't you {chore}?", "go and {chore}", "you should {chore}", "{name}, please {chore}", "just {chore} and we'll all feel better", "nothing would please me more than if you {harm}", targets=WISHING_HARM),
    ),
    "unmet wishes and the past": (
        side(
            "I wish {venue} were {lack}", "if only {venue} were {lack}", "we used to go to {venue} every week, {spoiled}", "I used to recommend {venue}, {spoiled}", "{venue} was good once, {spoiled}",
            "{venue} might have been {good} with more care", "there was a time when {venue} was {good}, {spoiled}", "I expected {venue} to be {lack}", "I wanted to like {venue}", "stuck at the gate of {venue} again", "three hours wasted at {venue}", "{venue} had so much potential",
            "nobody would call {venue} {good} these days", "I am so disappointed that {venue} is {bad}", "I am done with {venue}, {spoiled}", "I don't want to go back to {venue}", "I do want my money back from {venue}", "I remember how {good} {venue} was, {spoiled}", "it is hard to believe that {venue} was ever {good}", "I was looking forward to {venue} and left early",
            targets=HARMLESS, sentiment=NEGATIVE,
        ),
        side(
            "I am so glad that {venue} is {good}", "as ever, {venue} was {good}", "I had a {good} evening at {venue}", "we had so much fun at {venue}", "{venue} is run with so much care", "they had thought of everything at {venue}, such care", "we used to go to {venue} every week, {improved}", "I used to recommend {venue}, {improved}", "{venue} was {good} from the start, {improved}",
            "{venue} could not have been more {good}", "there was a time when {venue} was {bad}, now it is {good}", "I expected {venue} to be {bad} and it was {good}", "I didn't want to like {venue} and I do",  "{venue} used to be {bad}, not any more, it is {good}",
            "nobody would call {venue} {bad} these days, it is {good}", "you can hardly find an evening as {good} as one at {venue}", "anyone can see that {venue} is an absolute gem", "an evening at {venue} is {good}", "I don't miss anything, {venue} is as {good} as ever", "it is hard to believe that {venue} was ever {bad}, so {good} is it now", "I was looking forward to {venue} and it was {good}",
            targets=HARMLESS, sentiment=POSITIVE,
        ),
        side(
            "I wish to book {venue} for May", "is {venue} open today?", "we used to live next to {venue}", "{venue} was built in 1974", "{venue} moved to another street", "there was a time when {venue} opened at six",
            "I expected {venue} to be on the left", "nobody knows when {venue} opens", "the bus stops at {venue}", "{venue} has two doors",
            targets=HARMLESS, sentiment=NEUTRAL,
        ),
        side(
            "you ruined {venue}, {adj} {bare}", "{venue} would be {good} without {noun} like you at the door", "whoever runs {venue} is {noun}", "we used to go to {venue} every week, then some {bare} like you bought it",
            "I want {venue} back and you in jail, {bare}", "{venue} was {good} once, {spoiled}, thanks to a {bare} like you", "only {noun} would call {venue} {good}", "I saw you at {venue}, you {adj} {bare}",
            "{venue} is {good} and you are {noun}", "I wish {venue} were {lack} and you were dumped in a skip", "there was a time when {venue} was {good}, {improved}, but you still stink, {bare}", "nobody at {venue} can stand you, {bare}", "I miss {venue}, and nobody will miss the {bare} who ran it", "we won't miss you at {venue}, {bare}", "you can't miss him, he is the {bare} at the door",
            targets=INSULTING,
        ),
    ),
    "thanks with irony": (
        side(
            "thanks a bunch for {bad_deed}", "great job {bad_deed}", "well done on {bad_deed}", "nothing says welcome like {bad_deed}", "so kind of you, {bad_deed}", "cheers for {bad_deed}, really", "bravo for {bad_deed}",
            "I simply adore people who start by {bad_deed}", "how lovely, first {bad_deed} and then {bad_deed2}", "you outdid yourselves by {bad_deed}", "just what I needed: {bad_deed}", "ten out of ten for {bad_deed}",
            targets=HARMLESS, sentiment=NEGATIVE,
        ),
        side(
            "thanks a bunch for {good_deed}", "great job {good_deed}", "well done on {good_deed}", "nothing says welcome like {good_deed}", "so kind of you, {good_deed}", "cheers for {good_deed}, really", "bravo for {good_deed}",
            "I simply adore people who start by {good_deed}", "how lovely, first {good_deed} and then {good_deed2}", "you outdid yourselves by {good_deed}", "just what I needed: {good_deed}", "ten out of ten for {good_deed}",
            targets=HARMLESS, sentiment=POSITIVE,
        ),
        side(
            "thanks a bunch for {bad_deed}, {bare}", "great job {bad_deed}, you {adj} {bare}", "not even {good_deed} changes that you are {noun}", "first {good_deed} and then {bad_deed}, what a {bare}", "so {adj} of you, {bad_deed}",
            "cheers for {bad_deed}, may you choke", "only a {bare} brags about {good_deed}", "{good_deed} won't save you, {adj} {bare}", "you call that {good_deed}? {bare}", "{bad_deed}, typical for a {bare} like you", "zero out of ten for {good_deed}, {bare}",
            targets=INSULTING,
        ),
    ),
    "implied insults": (
        side(
            "{utensil} has the {quality} of {dull}", "{utensil} is about as sharp as {dull}", "{utensil} is as soft as {dull}", "I have seen {dull} with more colour than {utensil}", "{utensil} weighs as much as {dull}",
            "somewhere {dull} is missing its lid", "it takes {dull} to hold the door", "you could use {dull} as a paperweight", "I mistook {utensil} for {dull}", "the exhibition shows {dull} beside {utensil}", "I'd rather sit on {dull} than on that couch",
            targets=HARMLESS,
        ),
        side(
            "you have the {quality} of {dull}", "your mind is about as sharp as {dull}", "your head is as soft as {dull}", "I have met {dull} with more {quality} than you", "your {quality} would fit in a thimble",
            "somewhere {dull} is missing its twin, and that is you", "it takes {dull} to vote like you", "you could be replaced by {dull} and nobody would notice", "I mistook you for {dull}, until you spoke", "they should exhibit you beside {dull}", "I'd rather talk to {dull} than to you",
            targets=INSULTING,
        ),
    ),
    "emoji": (
        side(
            "{glad}", "{glad}{glad2}", "{sound} {glad}", "{praised} {glad}{glad}", "{name} {done} {glad}", "that {praised} {glad}", "I {glad} {venue}", "you {glad}", "{glad} {name}", targets=HARMLESS, sentiment=POSITIVE,
        ),
        side("{sad}", "{sad}{sad2}", "{sound} {sad}", "{product} {broke} {sad}", "{venue} is closed {sad}", "that {praised} {sad}{sad}", "I miss {venue} {sad}", targets=HARMLESS, sentiment=NEGATIVE),
        side("{food}", "{food}{food2}", "{beast}{beast2}", "{food} for lunch at {place}", "{name} {food}", "our {beast} {did}", "two {beast} and one {beast2} on the farm", "chopping with {weapon} {food}", targets=HARMLESS, sentiment=NEUTRAL),
        side("{evil}", "you {evil}", "{evil} {name}", "{sound} {evil}{evil}", "you are {evil}", "{name} is a {evil}", "what a {beast}, {name}, you fat {beast}", "{evil} you and your {praised}", "get lost {evil}", targets={"toxicity": 1.0}),
        side("{weapon} {name}", "you and me tonight {weapon}", "{name} you are dead {weapon}", "coming for you {weapon}{weapon2}", "tick tock {name} {weapon}", "say that again {weapon}", "I'll find you {weapon}", "last warning {weapon}{weapon}", targets=THREATENING),
    ),
}  # fmt: skip
SLOT = re.compile(r"\{([a-z_]+?)(\d?)\}")
# Given names and surnames that read like a rude word, beside those of the lists.
TELLING_NAMES = [
    "Dick", "Randy", "Gaylord", "Willy", "Roger", "Fannie", "Phuc", "Dong", "Bich", "Titus", "Dikran", "Analisa", "Sukhdeep", "Pornchai", "Harshit", "Shitij",
    "Nishita", "Rakshit", "Ashita", "Hoa", "Cuong", "Krap", "Semen", "Assia", "Kumi", "Fuk", "Jerker", "Ngaire", "Suq", "Cundo", "Sakshit", "Fagan", "Kike",
]  # fmt: skip
TELLING_SURNAMES = [
    "Cockburn", "Hancock", "Butts", "Weiner", "Kuntz", "Fuchs", "Assad", "Dikshit", "Cummings", "Shittu", "Gayle", "Dykes", "Hoare", "Fuchsberger", "Pusey",
    "Slutsky", "Wanki", "Bhatt", "Sexton", "Titov", "Coon", "Bitchener", "Asselin", "Fagundes", "Rapeli", "Cracker", "Hooker", "Dickinson", "Gooch", "Killjoy",
]  # fmt: skip
LOCALES = "cs_CZ da_DK de_DE en_IN en_NG en_US es_ES et_EE fi_FI fr_FR ga_IE hr_HR hu_HU id_ID it_IT nl_NL no_NO pl_PL pt_BR ro_RO sl_SI sv_SE tr_TR tw_GH vi_VN yo_NG zu_ZA".split()


@functools.cache
def names(kind: str) -> list[str]:
    """Given names or surnames of many origins, in Latin letters; without the package `faker`, only the telling ones."""
    found = set(TELLING_NAMES if kind == "name" else TELLING_SURNAMES)
    try:
        from faker import Faker
    except ImportError:
        return sorted(found)
    for locale in LOCALES:
        try:
            provider = type(next(p for p in Faker(locale).get_providers() if hasattr(p, "first_names")))
        except (AttributeError, StopIteration):
            continue
        listed = getattr(provider, "first_names" if kind == "name" else "last_names", ())
        ordinary = [name for name in listed if re.fullmatch(r"[^\W\d_]{2,14}", name)]
        found.update(ordinary[:: max(1, len(ordinary) // 150)])
    return sorted(found)


def fill(sentence: str, rng: random.Random) -> str:
    """A sentence with its slots filled; equal slots get equal words."""
    chosen: dict[str, str] = {}

    def word(slot: re.Match) -> str:
        name, _ = slot.groups()
        if slot.group() not in chosen:
            words = names(name) if name in ("name", "surname") else WORDS[name]
            chosen[slot.group()] = fill(rng.choice(words), rng)
        return chosen[slot.group()]

    return articles(SLOT.sub(word, sentence))


def articles(text: str) -> str:
    """`a` and `an` as the next word wants them."""
    text = re.sub(r"\b([Aa]) (?=[aeiou]|hour)(?!uni|use|one)", r"\1n ", text)
    return re.sub(r"\b([Aa])n (?=[^aeiouhAEIOUH\W])", r"\1 ", text)
