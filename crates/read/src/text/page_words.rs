//! The vocabulary of pages: times, buttons, counters, badges and headings, and the class that a
//! line made of nothing else belongs to.
//!
//! The lists contain words of pages in general, not of single sites. They are only evidence:
//! `furniture` counts the lines of each class in the file before it leaves one out.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The content of a line that consists only of the page's own vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// A date, a time, or an age such as `3 hours ago`.
    Time,
    /// Buttons and counters, with their words: `Reply`, `12 likes`.
    Action(String),
    /// `12 Comments`.
    Heading,
    /// A number alone: `12`, `1.2K`, `-3`.
    Number,
    /// Signs without a letter or digit, such as `•`.
    Mark(String),
    /// A title that a site shows next to some authors or comments: `Top fan`, `Edited`.
    Badge,
    /// A recurring form with unknown words.
    Unknown(String),
}

const TIME: &str = "ago just now second seconds sec secs s minute minutes min mins hour hours hr hrs h day days d week
weeks w wk wks month months mo mos m year years yr yrs y yesterday today tomorrow am pm at on o'clock a an about last
january february march april may june july august september october november december
jan feb mar apr jun jul aug sep sept oct nov dec
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
edited posted updated published gmt utc est edt cet cest bst pst pdt t z
vor std stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren heute gestern um uhr bearbeitet
januar februar märz mai juni juli oktober dezember
il ya heure heures jour jours semaine semaines mois ans hier aujourd'hui à modifié
janvier février mars avril juin juillet août septembre octobre novembre décembre
hace hora horas día días dia dias semana semanas mes meses año años ayer hoy editado
enero febrero marzo abril mayo junio julio agosto septiembre noviembre diciembre de
fa ora ore giorno giorni settimana settimane mese mesi anno anni ieri oggi
há ano anos ontem hoje geleden uur uren dag dagen weken maand maanden jaar gisteren vandaag temu godz godzin dni";

const MONTHS: &str = "january february march april june july august september october november december";

const ACTION: &str = "reply replies replied replying like likes liked dislike dislikes share shares report flag edit
edited delete permalink parent root prev embed link fedilink context source save upvote upvotes downvote downvotes vote
votes point points karma recommend recommended recommends helpful unhelpful favorite favourite favorites views
view show hide more less load see read all log login in sign up to or register subscribe comment comments post posted
quote quotes follow following collapse expand copy reactions reaction thumbs down sort sorted by newest oldest best top
first last new give award awards reward respond response responses block mute pinned translate translation repost
reposts retweet retweets bookmark bookmarks score rate rated good bad previous next page you must be a an the for and on
of this options menu open thread continue children
antworten antwort gefällt mir melden teilen zitieren mehr anzeigen weniger
répondre réponse réponses j'aime signaler partager plus afficher voir citer
responder respuesta respuestas respostas me gusta curtir compartir compartilhar denunciar reportar ver más mais
rispondi risposte mi piace condividi segnala altro beantwoorden antwoorden vind ik leuk delen rapporteren
odpowiedz lubię to udostępnij zgłoś";

/// Words of which an action line must have one: the others only accompany them.
const ACTION_CORE: &str = "reply replies replying like likes liked dislike dislikes share shares report flag permalink
upvote upvotes downvote downvotes vote votes point points karma recommend recommended recommends helpful log login sign
register load quote follow reactions reaction respond responses sort sorted edit delete embed fedilink repost reposts
retweet retweets bookmark bookmarks award reward translate translation views
antworten gefällt melden teilen zitieren répondre réponses j'aime signaler partager responder respuestas respostas gusta
curtir compartir compartilhar denunciar rispondi risposte piace condividi segnala beantwoorden antwoorden leuk delen
odpowiedz lubię udostępnij";

/// Words that sites write around an author's name in one line with the time.
const BYLINE: &str = "says said wrote writes posted commented replied by from reply comment on at in op author
schrieb sagt sagte von am a écrit le par dice dijo escribió ha scritto schreef zegt escreveu napisał napisała new";

const BADGE: &str = "top fan author edited op mod moderator admin administrator verified staff creator owner host
subscriber member contributor supporter pinned pick picks featured new rising star valued original poster editor bot app
patron newbie senior junior regular veteran badge guardian follows you by fan autor verfasser bearbeitet auteur";

/// Words of which a badge must have one.
const BADGE_CORE: &str =
    "fan author edited op mod moderator admin administrator verified staff creator subscriber
member contributor supporter pinned pick picks featured poster app bearbeitet verfasser";

const HEADING: &str = "comments comment discussion conversation thoughts kommentare commentaires
comentarios comentários commenti reacties komentarze";

const HEADING_REST: &str =
    "all reader readers readers' reader's view the join leave a your show recent latest community
user public on this article story post section below from our add have say to in so far there are now open";

fn set(words: &'static str) -> HashSet<&'static str> {
    words.split_ascii_whitespace().collect()
}

macro_rules! word_sets {
    ($($name:ident: $words:expr;)*) => {
        $(static $name: LazyLock<HashSet<&'static str>> = LazyLock::new(|| set($words));)*
    };
}

word_sets! {
    TIME_WORDS: TIME;
    MONTH_WORDS: MONTHS;
    ACTION_WORDS: ACTION;
    ACTION_CORES: ACTION_CORE;
    BYLINE_WORDS: BYLINE;
    BADGE_WORDS: BADGE;
    BADGE_CORES: BADGE_CORE;
    HEADING_WORDS: HEADING;
    HEADING_RESTS: HEADING_REST;
}

/// Returns a line's words in lower case, with `#` for each number. Buttons without a space between
/// them are separated: `3-4Reply`, `2 likesReply`, `permalinkreply`.
pub(super) fn tokens(line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for piece in line.split(|c: char| c.is_whitespace() || "·•|()[]/,:;–—-+▲▼›»…&".contains(c))
    {
        let piece = piece.trim_matches(|c: char| !c.is_alphanumeric());
        let mut start = 0;
        let mut previous: Option<char> = None;
        for (at, c) in piece.char_indices() {
            let parts = previous.is_some_and(|before| {
                before.is_ascii_digit() != c.is_ascii_digit()
                    && before.is_alphanumeric()
                    && c.is_alphanumeric()
                    || before.is_lowercase() && c.is_uppercase()
            });
            if parts {
                push(&piece[start..at], &mut tokens);
                start = at;
            }
            previous = Some(c);
        }
        push(&piece[start..], &mut tokens);
    }
    tokens
}

fn push(word: &str, tokens: &mut Vec<String>) {
    if word.is_empty() {
    } else if word.chars().all(|c| c.is_ascii_digit() || c == '.') {
        tokens.push("#".to_owned());
    } else {
        let word = word.to_lowercase().replace('’', "'");
        match glued(&word) {
            Some(parts) => tokens.extend(parts),
            None => tokens.push(word),
        }
    }
}

/// Returns the buttons that a word of small letters consists of: `permalinkreply`.
fn glued(word: &str) -> Option<Vec<String>> {
    const SHORTEST: usize = 4;
    if !(3 * SHORTEST..=80).contains(&word.len()) || ACTION_WORDS.contains(word) || !word.is_ascii() {
        return None;
    }
    // `ends[at]`: the start of the last button in a split of `word[..at]`.
    let mut ends: Vec<Option<usize>> = vec![None; word.len() + 1];
    for end in SHORTEST..=word.len() {
        ends[end] = (0..=end - SHORTEST)
            .find(|&start| (start == 0 || ends[start].is_some()) && ACTION_WORDS.contains(&word[start..end]));
    }
    let mut parts = Vec::new();
    let mut end = word.len();
    while end > 0 {
        let start = ends[end]?;
        parts.push(word[start..end].to_owned());
        end = start;
    }
    parts.reverse();
    Some(parts)
}

fn is_number(token: &str) -> bool {
    token == "#" || matches!(token, "th" | "st" | "nd" | "rd" | "k")
}

/// Returns true if a line is a date or a time and nothing else.
pub(super) fn is_date(line: &str) -> bool {
    if line.len() > 60 {
        return false;
    }
    // "LONDON, June 12".
    let tokens = tokens(line);
    let is_dateline = tokens.len() <= 6
        && tokens.iter().any(|token| token == "#")
        && tokens.iter().any(|token| token.len() >= 4 && MONTH_WORDS.contains(token.as_str()));
    is_dateline || is_time(&tokens)
}

/// Returns true if words are a time and nothing else.
pub(super) fn is_time(tokens: &[String]) -> bool {
    let has_number = tokens.iter().any(|token| token == "#");
    let any = |words: &[&str]| tokens.iter().any(|token| words.contains(&token.as_str()));
    !tokens.is_empty()
        && tokens.len() <= 10
        && tokens.iter().all(|token| is_number(token) || TIME_WORDS.contains(token.as_str()))
        && (has_number && tokens.len() >= 2
            || any(&[
                "ago",
                "yesterday",
                "today",
                "gestern",
                "heute",
                "hier",
                "ayer",
                "ieri",
                "ontem",
                "gisteren",
            ])
            || tokens.join(" ") == "just now")
}

/// Returns true for words that belong to a page: times, buttons, numbers, words around names.
pub(super) fn is_page_word(token: &str) -> bool {
    is_number(token)
        || TIME_WORDS.contains(token)
        || ACTION_WORDS.contains(token)
        || BYLINE_WORDS.contains(token)
        || BADGE_CORES.contains(token)
}

/// Returns true for a word of a time or a number.
pub(super) fn is_time_word(token: &str) -> bool {
    is_number(token) || TIME_WORDS.contains(token)
}

/// Returns true if the words of times among these form a time.
pub(super) fn contains_time(tokens: &[String]) -> bool {
    let words: Vec<String> = tokens.iter().filter(|token| is_time_word(token)).cloned().collect();
    is_time(&words)
}

/// Returns true for a button's word.
pub(super) fn is_action_word(token: &str) -> bool {
    ACTION_CORES.contains(token)
}

/// Returns the class of a line that consists of the page's vocabulary; `None` for any other.
pub(super) fn class(line: &str) -> Option<Class> {
    if line.len() > 100 || line.ends_with(['.', '!', '?']) && line.len() > 3 {
        return None;
    }
    if line.split_whitespace().nth(10).is_some() {
        return None;
    }
    let tokens = tokens(line);
    if tokens.is_empty() {
        let count = line.chars().count();
        return (count <= 4 && line.chars().all(is_mark)).then(|| Class::Mark(line.to_owned()));
    }
    if tokens.len() > 10 {
        return None;
    }
    let all = |words: &HashSet<&str>, more: &HashSet<&str>| {
        tokens.iter().all(|t| is_number(t) || words.contains(t.as_str()) || more.contains(t.as_str()))
    };
    let any = |words: &HashSet<&str>| tokens.iter().any(|token| words.contains(token.as_str()));
    if matches!(tokens.iter().map(String::as_str).collect::<Vec<_>>()[..], ["#"] | ["#", "k"]) {
        return Some(Class::Number);
    }
    if is_time(&tokens) {
        return Some(Class::Time);
    }
    if any(&HEADING_WORDS) && all(&HEADING_WORDS, &HEADING_RESTS) && tokens.len() <= 8 {
        // "Comment" alone is often a button below each comment; the count decides.
        return Some(Class::Heading);
    }
    if all(&BADGE_WORDS, &BADGE_CORES) && any(&BADGE_CORES) && tokens.len() <= 3 {
        return Some(Class::Badge);
    }
    // "Like" and "Reply" with a time between them.
    (any(&ACTION_CORES) && all(&ACTION_WORDS, &TIME_WORDS)).then(|| Class::Action(tokens.join(" ")))
}

/// Returns true for signs with which pages separate things; not for emoji, which people write.
fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{a0}'..='\u{bf}' | '\u{2010}'..='\u{205e}' | '▲' | '▼' | '△' | '▽' | '●' | '○')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_class() {
        let action = |words: &str| Some(Class::Action(words.to_owned()));
        for (line, expected) in [
            ("Reply", action("reply")),
            ("12 likes", action("# likes")),
            ("Like · Reply · 3h", action("like reply # h")),
            ("Log in to comment", action("log in to comment")),
            ("5w8 likesReply", action("# w # likes reply")),
            ("7-19Reply", action("# # reply")),
            ("Reply41 RecommendShare", action("reply # recommend share")),
            ("permalinksavereportreply", action("permalink save report reply")),
            ("Gefällt mir", action("gefällt mir")),
            ("3 hours ago", Some(Class::Time)),
            ("May 3, 2019 at 10:15 am", Some(Class::Time)),
            ("vor 3 Stunden", Some(Class::Time)),
            ("2y", Some(Class::Time)),
            ("May", None),
            ("2019", Some(Class::Number)),
            ("1.2K", Some(Class::Number)),
            ("•", Some(Class::Mark("•".to_owned()))),
            ("👏", None),
            ("Top fan", Some(Class::Badge)),
            ("12 Comments", Some(Class::Heading)),
            ("Comments (3)", Some(Class::Heading)),
            ("Join the discussion", Some(Class::Heading)),
            ("I like it", None),
            ("Share the bread.", None),
            ("Mark Day", None),
        ] {
            assert_eq!(class(line), expected, "{line}");
        }
        for (line, expected) in [("LONDON, June 12", true), ("12 May 2019", true), ("June Carter", false)] {
            assert_eq!(is_date(line), expected, "{line}");
        }
    }
}
