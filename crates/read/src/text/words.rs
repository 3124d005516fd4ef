//! The language data of the page-dump reader: three short lists of the commonest English words.
//!
//! They are a weak prior. A file in another language finds its own common words (see
//! `line::Vocabulary`), and none of the lists contains names.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The class of a common lower-case word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Pronouns, auxiliaries, negations, question words: names hardly ever contain one.
    Grammar,
    /// Articles, conjunctions and prepositions: some handles contain one ("voice of reason").
    Link,
    /// A word that is in many comments.
    Common,
}

/// Returns the class of a lower-case word, if it is in the lists.
pub(super) fn kind(word: &str) -> Option<Kind> {
    KINDS.get(word).copied()
}

/// Returns true for words of the first and second person, and other words of speech: comments are
/// full of them, articles have them in quotation marks.
pub(super) fn is_personal(word: &str) -> bool {
    PERSONAL.contains(&word)
}

/// Returns true for words with which an article attributes its content.
pub(super) fn is_reporting(word: &str) -> bool {
    REPORTING.contains(&word)
}

static KINDS: LazyLock<HashMap<&str, Kind>> = LazyLock::new(|| {
    let list = |words: &'static str, kind| words.split_ascii_whitespace().map(move |word| (word, kind));
    list(COMMON, Kind::Common).chain(list(LINK, Kind::Link)).chain(list(GRAMMAR, Kind::Grammar)).collect()
});

const PERSONAL: [&str; 26] = [
    "i", "i'm", "i've", "i'd", "i'll", "im", "you", "you're", "your", "ur", "u", "my", "me", "mine",
    "myself", "yourself", "we", "our", "lol", "lmao", "haha", "yeah", "yep", "omg", "please", "thanks",
];

const REPORTING: [&str; 16] = [
    "said",
    "says",
    "told",
    "according",
    "reported",
    "announced",
    "spokesman",
    "spokeswoman",
    "spokesperson",
    "statement",
    "copyright",
    "reporting",
    "editing",
    "officials",
    "added",
    "reuters",
];

const GRAMMAR: &str = "
i i'm i've i'd i'll im you you're you've you'd you'll your yours he he's she she's it it's its we we're we've they
they're they've them us me my mine our his her hers their this that that's these those there there's here who who's
whose what what's whats which why when where how is isn't are aren't was wasn't were weren't be been being am do don't
dont does doesn't did didn't has hasn't have haven't had hadn't can can't cant cannot could couldn't will won't would
wouldn't should shouldn't must might may shall not never no nor if because although though than then so too very just
only also even ever let's lets ain't gonna gotta wanna

";

const LINK: &str =
    "the a an of and or but in on at to for from with without by as about into over under after before
between through against during until out up down off";

const COMMON: &str = "
able about absolutely actually again ago agree agreed ah all almost already alright always amazing amen another answer
any anybody anymore anyone anything anyway apparently around article ask away awesome awful back bad based beautiful
best better big bit bless blame boo both boring bravo bring brilliant bs bull but buy bye call called came cannot care
case cause certainly change cheers child children clear clearly clever close clown clowns come comes coming comment
comments common completely congrats congratulations cool correct country course cute damn day days dead deal dear
definitely different disagree disaster disgrace disgusting done doubt dumb each easy either else embarrassing end enjoy
enough entire especially everybody everyone everything evidence exactly excellent eyes facepalm fact facts fair fake
false family far fascinating feel few fine finally find first follow fool fools forget forward free fun funny future
garbage genius get gets getting give given glad go god goes going gone good goodbye got government great greetings guess
guy guys ha haha half happen happened happens happy hard hate hear heard heartbreaking hell hello help hey high hilarious
history hm hmm hold home hope hopefully hoping horrible house huge idea idiot idiots ignore important impressive
incredible indeed insane instead interesting ironic isnt issue job joke kid kids kind kinda knew know known knows kudos
lame last later laugh least leave left less lie lies life like liked likely literally little live lmao lmfao lol long
look looking looks lost lot lots love lovely luck lucky mad made make makes making man many matter maybe me mean means
meh mention might mind moment money month months more most much name need needs new news next nice night nobody none nope
nonsense nothing now obvious obviously odd of often oh ok okay old omg once one ones ooh oops opinion other others ouch
outrageous own part pathetic pay people perfect perhaps person place plain please plenty point politics poor post power
precisely pretty priceless probably problem proof propaganda proud put question quite rather reach read reading ready
real really reason remember ridiculous right rip rofl room rubbish run sad sadly said same sarcasm saw say saying says
scary school see seem seems seen seriously shame shameful shocking short show shut sick sigh silly simple simply since
slowly smart some somebody someone something sometimes soon sooner sorry source sources spot still stop story strange
stuff stupid such sure surprise surprised surely take taken talk talking tell terrible thank thanks thing things think
thinking thought thoughts three thx time times tired today together told tomorrow tonight took totally tragic trash tried
troll true truly trust truth try trying turn two typical ugh unbelievable understand unfortunately unless unreal update
upset use used useless usual vote wait waiting wake walk want wanted wants war waste watch watching way week weeks weird
welcome well went whatever while whole wicked win winning wish within woman women won wonder wonderful word words work
working works world worse worst worth wow write wrong wtf yay yeah year years yep yes yesterday yet yikes yup heck
";
