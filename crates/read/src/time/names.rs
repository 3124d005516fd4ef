//! Names within times: months in several languages, zones, and words between them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Words for morning and afternoon, longer ones first; `true` for the afternoon.
pub(super) const MERIDIEMS: [(&str, bool); 20] = [
    ("a.m.", false),
    ("p.m.", true),
    ("a. m.", false),
    ("p. m.", true),
    ("a.\u{a0}m.", false),
    ("p.\u{a0}m.", true),
    ("a.\u{202f}m.", false),
    ("p.\u{202f}m.", true),
    ("a m", false),
    ("p m", true),
    ("am", false),
    ("pm", true),
    ("vorm.", false),
    ("nachm.", true),
    ("\u{4e0a}\u{5348}", false),
    ("\u{4e0b}\u{5348}", true),
    ("\u{5348}\u{524d}", false),
    ("\u{5348}\u{5f8c}", true),
    ("\u{c624}\u{c804}", false),
    ("\u{c624}\u{d6c4}", true),
];

/// Endings of a day's number.
pub(super) const ORDINALS: [&str; 9] = ["st", "nd", "rd", "th", "er", "\u{ba}", "\u{aa}", "e", "de"];

/// Names of the months in English, German, French, Spanish, Italian, Dutch, Portuguese, Polish and
/// Russian.
const MONTHS: [&str; 12] = [
    "january jan januar jänner jän janvier janv enero ene gennaio gen januari janeiro styczeń stycznia sty январь января янв",
    "february feb februar février févr fév fevrier fevr febrero febbraio februari fevereiro fev luty lutego lut февраль февраля февр фев",
    "march mar märz mär mrz maerz mars marzo maart mrt março marco marzec marca март марта мар",
    "april apr avril avr abril abr aprile kwiecień kwietnia kwi апрель апреля апр",
    "may mai mayo maggio mag mei maio maj maja май мая",
    "june jun juni juin junio giugno giu junho czerwiec czerwca cze июнь июня июн",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca lip июль июля июл",
    "august aug août aout agosto ago augustus sierpień sierpnia sie август августа авг",
    "september sep sept septembre septiembre settembre set setembro wrzesień września wrz сентябрь сентября сент сен",
    "october oct oktober okt octobre octubre ottobre ott outubro out październik października paź октябрь октября окт",
    "november nov novembre noviembre novembro listopad listopada lis ноябрь ноября нояб ноя",
    "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro grudzień grudnia gru декабрь декабря дек",
];

/// Zones by their abbreviation, in hours east of Greenwich. CST, MST and others with several
/// meanings are those of North America, as in exports of services from there; abbreviations of
/// which several are common (BST, IST) are left out.
const ZONES: [(&str, i32); 36] = [
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("wet", 0),
    ("west", 1),
    ("cet", 1),
    ("mez", 1),
    ("cest", 2),
    ("mesz", 2),
    ("eet", 2),
    ("eest", 3),
    ("msk", 3),
    ("sast", 2),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
    ("akst", -9),
    ("akdt", -8),
    ("hst", -10),
    ("brt", -3),
    ("art", -3),
    ("clt", -4),
    ("hkt", 8),
    ("sgt", 8),
    ("awst", 8),
    ("jst", 9),
    ("kst", 9),
    ("aest", 10),
    ("aedt", 11),
    ("nzst", 12),
    ("nzdt", 13),
];

/// Days of the week in the languages of [`MONTHS`], and words between the parts of a time.
const FILLERS: &str = "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri \
    sat sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so lundi mardi \
    mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim lunes martes miércoles jueves viernes sábado \
    domingo mié jue vie sáb dom lunedì martedì mercoledì giovedì venerdì sabato domenica gio sab maandag dinsdag \
    woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo segunda terça quarta quinta sexta feira seg ter qua \
    qui sex poniedziałek wtorek środa czwartek piątek sobota niedziela pon wt śr czw pt sob nd ndz niedz \
    at on the of um am den uhr le à a à às as o las los el la del de alle ore il om op uur kl klo godz r h понедельник вторник среда четверг \
    пятница суббота воскресенье пн вт ср чт пт сб вс в г года";

/// A word within a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Month(i8),
    /// Seconds east of Greenwich.
    Zone(i32),
    /// A word without a meaning for the time.
    Filler,
}

static WORDS: LazyLock<HashMap<&str, Word>> = LazyLock::new(|| {
    let fillers = FILLERS.split_ascii_whitespace().map(|name| (name, Word::Filler));
    let zones = ZONES.iter().map(|(name, hours)| (*name, Word::Zone(hours * 3600)));
    let months = (1..)
        .zip(MONTHS)
        .flat_map(|(number, names)| names.split(' ').map(move |name| (name, Word::Month(number))));
    // The French `mar.` is a day of the week as well.
    fillers.chain(zones).chain(months).collect()
});

/// Returns the meaning of a word in lower case.
pub(super) fn word(word: &str) -> Option<Word> {
    WORDS.get(word).copied()
}
