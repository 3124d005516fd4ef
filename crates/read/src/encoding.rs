//! Encodings of text from before UTF-8: those of the web and of Windows, of DOS and of old Macs. The
//! letters show which one it is: by their frequency, and by their neighbours.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GBK, ISO_8859_2, ISO_8859_4, ISO_8859_13, MACINTOSH, SHIFT_JIS, WINDOWS_1250,
    WINDOWS_1252, WINDOWS_1254, WINDOWS_1257, WINDOWS_1258,
};

/// An encoding that an export may be in. ASCII is a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One of those that browsers know.
    Web(&'static encoding_rs::Encoding),
    Dos(CodePage),
}

/// An encoding of DOS: the characters of its bytes from 0x80 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodePage {
    Ibm437,
    Ibm850,
}

impl Encoding {
    const MAC: Self = Self(Kind::Web(MACINTOSH));
    const DOS: Self = Self(Kind::Dos(CodePage::Ibm850));

    /// Returns the usual name.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Web(encoding) => encoding.name(),
            Kind::Dos(CodePage::Ibm437) => "IBM437",
            Kind::Dos(CodePage::Ibm850) => "IBM850",
        }
    }

    /// Returns the encoding if it is one of those that browsers know.
    pub(super) fn of_web(self) -> Option<&'static encoding_rs::Encoding> {
        match self.0 {
            Kind::Web(encoding) => Some(encoding),
            Kind::Dos(_) => None,
        }
    }

    /// Returns the start of a conversion from this encoding.
    pub(super) fn decoder(self) -> Decoder {
        match self.0 {
            Kind::Web(encoding) => Decoder::Web(Box::new(encoding.new_decoder_without_bom_handling())),
            Kind::Dos(page) => Decoder::Dos(page),
        }
    }

    /// Returns a text in this encoding.
    #[cfg(test)]
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let byte = |c: char| {
            let of_byte = |byte: &u8| self.decode(&[*byte]) == c.to_string();
            (0..=u8::MAX).find(of_byte).unwrap_or(b'?')
        };
        text.chars().map(byte).collect()
    }

    /// Returns true if the text of some bytes has control characters that no one writes: the
    /// standard has these for bytes without a meaning.
    fn has_controls(self, bytes: &[u8]) -> bool {
        self.decode(bytes).chars().any(|c| matches!(c, '\u{80}'..='\u{9f}'))
    }

    fn decode(self, bytes: &[u8]) -> String {
        match self.0 {
            Kind::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Kind::Dos(page) => page.decode(bytes),
        }
    }
}

impl From<&'static encoding_rs::Encoding> for Encoding {
    fn from(encoding: &'static encoding_rs::Encoding) -> Self {
        Self(Kind::Web(encoding))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let lower = name.trim().to_lowercase();
        if lower.starts_with("utf-16") || lower.starts_with("utf-32") || lower.starts_with("utf16") {
            return Err(format!(
                "`{name}` is not named but recognized, by the byte order mark at the start of the file; convert a file without \
                 one to UTF-8 (`iconv -f UTF-16LE -t UTF-8`)"
            ));
        }
        let number = ["ibm", "cp", "oem"].iter().find_map(|start| lower.strip_prefix(start));
        let kind = match number.unwrap_or(&lower).trim_start_matches(['-', '_']) {
            "437" => Some(Kind::Dos(CodePage::Ibm437)),
            "850" => Some(Kind::Dos(CodePage::Ibm850)),
            "macroman" | "mac-roman" | "mac_roman" => Some(Kind::Web(MACINTOSH)),
            _ => encoding_rs::Encoding::for_label(lower.as_bytes())
                .filter(|encoding| encoding.is_ascii_compatible())
                .map(Kind::Web),
        };
        kind.map(Self).ok_or_else(|| {
            format!(
                "unknown encoding `{name}`; known are those of the web (windows-1252, iso-8859-2, shift_jis, ...), ibm437, ibm850 \
                 and macintosh; convert other files to UTF-8"
            )
        })
    }
}

impl CodePage {
    /// Returns the text of some bytes: each is a character.
    fn decode(self, bytes: &[u8]) -> String {
        static TABLES: LazyLock<[Vec<char>; 2]> =
            LazyLock::new(|| [IBM437, IBM850].map(|table| table.chars().collect()));
        let table = &TABLES[self as usize];
        bytes
            .iter()
            .map(|byte| if byte.is_ascii() { char::from(*byte) } else { table[usize::from(*byte) - 0x80] })
            .collect()
    }
}

const IBM437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}\
";
const IBM850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
    áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}\
";
/// A conversion to UTF-8 in progress.
pub(super) enum Decoder {
    Web(Box<encoding_rs::Decoder>),
    Dos(CodePage),
}

impl Decoder {
    /// Returns the text of the next bytes, and true if some of them have no meaning. `is_last` is
    /// true if there are no more.
    pub(super) fn decode(&mut self, bytes: &[u8], is_last: bool) -> (String, bool) {
        match self {
            Self::Web(decoder) => {
                let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
                let mut text = String::with_capacity(room);
                let (_, _, had_errors) = decoder.decode_to_string(bytes, &mut text, is_last);
                (text, had_errors)
            }
            Self::Dos(page) => (page.decode(bytes), false),
        }
    }
}

/// Returns the encoding that fits the letters of a text; `None` if none does. `is_all` is false if
/// the text goes on.
pub(super) fn guess(bytes: &[u8], is_all: bool) -> Option<Encoding> {
    /// The fit from which an encoding is right, the distance to the next best, and the fit below
    /// which it is wrong.
    const RIGHT: f64 = 0.85;
    const APART: f64 = 0.3;
    const WRONG: f64 = 0.4;
    const FEW: usize = 3;
    let found = by_frequency(bytes, is_all);
    let found = Encoding::from(damaged(bytes, found).unwrap_or(found));
    let fit = Fit::of(found, bytes);
    let of = |encoding| Fit::of(encoding, bytes).in_language();
    let (mut best, mut best_fit, mut other_fit) = (Encoding::DOS, of(Encoding::DOS), of(Encoding::MAC));
    let has_line_ends_of_mac = bytes.contains(&b'\r') && !bytes.contains(&b'\n');
    if other_fit > best_fit || other_fit == best_fit && has_line_ends_of_mac {
        (best, best_fit, other_fit) = (Encoding::MAC, other_fit, best_fit);
    }
    // Windows has no character for some bytes, of which old Macs have all.
    let apart = if found.has_controls(bytes) { 0.0 } else { APART };
    if best_fit >= RIGHT && best_fit >= fit.in_any() + apart {
        let is_clear = best_fit > other_fit || best == Encoding::MAC && has_line_ends_of_mac;
        return is_clear.then_some(best);
    }
    (fit.count < FEW || fit.right as f64 >= WRONG * fit.count as f64).then_some(found)
}

/// Returns the encoding of the web that fits the frequencies of a text's letters best; windows-1252
/// if that reads the same, or if there are hardly any letters beyond ASCII to tell it from its
/// neighbours.
fn by_frequency(bytes: &[u8], is_all: bool) -> &'static encoding_rs::Encoding {
    const FEW: usize = 4;
    let of_latin =
        [WINDOWS_1250, WINDOWS_1254, WINDOWS_1257, WINDOWS_1258, ISO_8859_2, ISO_8859_4, ISO_8859_13];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, is_all);
    let found = detector.guess(None, Utf8Detection::Deny);
    let are_few = || bytes.iter().filter(|byte| !byte.is_ascii()).nth(FEW - 1).is_none();
    let is_same = || {
        let (text, ..) = found.decode_without_bom_handling(bytes);
        text == WINDOWS_1252.decode_without_bom_handling(bytes).0
    };
    if of_latin.contains(&found) && (are_few() || is_same()) { WINDOWS_1252 } else { found }
}

/// Returns the encoding of Chinese, Japanese or Korean in which a text is but for a few lines, such
/// as one with a character that was cut; `None` if `found` is right.
///
/// The detector rules out an encoding by its first wrong byte.
fn damaged(bytes: &[u8], found: &'static encoding_rs::Encoding) -> Option<&'static encoding_rs::Encoding> {
    /// Of the lines beyond ASCII, at most one in so many may be wrong.
    const FEW: usize = 4;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let count = lines.iter().filter(|line| !line.is_ascii()).count();
    [SHIFT_JIS, EUC_JP, EUC_KR, BIG5, GBK].into_iter().filter(|encoding| *encoding != found).find(
        |encoding| {
            let is_right =
                |line: &&&[u8]| encoding.decode_without_bom_handling_and_without_replacement(line).is_some();
            let rest: Vec<&[u8]> = lines.iter().filter(is_right).copied().collect();
            let wrong = lines.len() - rest.len();
            (1..=count / FEW).contains(&wrong) && by_frequency(&rest.concat(), true) == *encoding
        },
    )
}

/// The letters beyond ASCII of languages that were written in the encodings of DOS and of Macs.
const LANGUAGES: [&str; 6] = ["äöüß", "éèêëàâçîïôûùœæ", "áéíóúñü", "ãõáéíóúâêôàç", "åäöæøéü", "àèéìòù"];
/// The value of a letter that the language does not have.
const FOREIGN: f64 = 0.2;

/// The fit of a text's characters beyond ASCII to their neighbours and to a language, from 0 to 1
/// each.
#[derive(Default)]
struct Fit {
    /// The sum for signs, and that for letters: by language, and for any language at last.
    signs: f64,
    letters: [f64; LANGUAGES.len() + 1],
    /// The number of characters, and of those with the right neighbours.
    count: usize,
    right: usize,
}

impl Fit {
    fn of(encoding: Encoding, bytes: &[u8]) -> Self {
        let text = encoding.decode(bytes);
        let mut fit = Self::default();
        let mut before = ' ';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let after = chars.peek().copied().unwrap_or(' ');
            if !c.is_ascii()
                && let Some(value) = likelihood(before, c, after)
            {
                fit.count += 1;
                fit.right += usize::from(value > 0.0);
                match is_latin(c) {
                    true => fit.add_letter(c, value),
                    false => fit.signs += value,
                }
            }
            before = c;
        }
        fit
    }

    fn add_letter(&mut self, letter: char, value: f64) {
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        let [languages @ .., any] = &mut self.letters;
        for (sum, letters) in languages.iter_mut().zip(LANGUAGES) {
            *sum += if letters.contains(lower) { value } else { value * FOREIGN };
        }
        // They are rare where bytes of other encodings are read as windows-1252.
        *any += if "šžÿþðýƒı".contains(lower) { value * FOREIGN } else { value };
    }

    /// Returns the mean for a text in one language.
    fn in_language(&self) -> f64 {
        let [languages @ .., _] = &self.letters;
        self.mean(languages.iter().copied().fold(0.0, f64::max))
    }

    /// Returns the mean for a text in any languages.
    fn in_any(&self) -> f64 {
        self.mean(self.letters[LANGUAGES.len()])
    }

    fn mean(&self, letters: f64) -> f64 {
        if self.count == 0 { 1.0 } else { (self.signs + letters) / self.count as f64 }
    }
}

fn is_latin(c: char) -> bool {
    matches!(c, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// Returns the likelihood of a character between two others; `None` if it says nothing.
fn likelihood(before: char, c: char, after: char) -> Option<f64> {
    let are_letters = (before.is_alphabetic(), after.is_alphabetic());
    let is_right = match c {
        '\u{80}'..='\u{9f}' | '\u{fffd}' => false,
        '\u{a0}' | '\u{ad}' | 'ª' | 'º' | '²' | '³' | '¹' => return None,
        c if is_latin(c) && c.is_uppercase() => !before.is_lowercase(),
        c if is_latin(c) => {
            if are_letters == (false, false) && !"àáéèíóùåøæ".contains(c) {
                return None;
            }
            true
        }
        // Words of two scripts are separated; in scripts without spaces, only single letters are
        // strange.
        c if c.is_alphabetic() && c != 'µ' => {
            let is_roman = |c: char| c.is_ascii_alphabetic();
            let is_strange = match c >= '\u{2e80}' {
                true => is_roman(before) && after.is_ascii() || is_roman(after) && before.is_ascii(),
                false => is_roman(before) || is_roman(after),
            };
            !is_strange
        }
        '\u{2500}'..='\u{25ff}' | '\u{2200}'..='\u{23ff}' => false,
        '¤' | '¦' | '¬' | '¨' | '¯' | '¸' | 'ˆ' | '˜' | '†' | '‡' | '‰' | '¶' | '‗' => false,
        '´' | '·' | '…' => true,
        // "the dogs’ bowl" is right, the end of any other word is not.
        '’' if are_letters == (true, false) => {
            if before == 's' {
                return None;
            }
            false
        }
        '’' => true,
        '—' | '–' => {
            if are_letters.0 || are_letters.1 {
                return None;
            }
            true
        }
        '¡' | '¿' | '“' | '„' | '‘' | '«' | '‚' => !are_letters.0,
        '”' | '»' => !are_letters.1,
        '™' | '®' | '°' => !are_letters.1,
        _ => are_letters == (false, false),
    };
    Some(f64::from(u8::from(is_right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_have_names() {
        for (name, expected) in [
            ("windows-1252", Some("windows-1252")),
            ("Latin1", Some("windows-1252")),
            ("CP850", Some("IBM850")),
            ("ibm-437", Some("IBM437")),
            ("MacRoman", Some("macintosh")),
            ("utf-8", Some("UTF-8")),
            ("utf-16le", None),
            ("cp852", None),
            ("", None),
        ] {
            let found = name.parse::<Encoding>().ok().map(Encoding::name);
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_cut_character_leaves_the_encoding() {
        let lines = [
            "船は今朝も遅れた",
            "誰が決めたのか",
            "パン屋は日曜に休む",
            "山羊が切符を食べた",
            "傘を見た人いる？",
        ];
        for encoding in [SHIFT_JIS, EUC_JP, GBK] {
            let mut bytes = encoding.encode(&lines.join("\n")).0.into_owned();
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
            bytes.remove(end - 1);
            assert_eq!(guess(&bytes, true).map(Encoding::name), Some(encoding.name()));
        }
        for text in ["Кто это решил?\nЭто правда\nЗонт\nПаром опять опоздал", "où\ngarçon\nça va\nêtre"]
        {
            let encoding = if text.starts_with('К') { encoding_rs::WINDOWS_1251 } else { WINDOWS_1252 };
            let bytes = encoding.encode(text).0;
            assert_eq!(guess(&bytes, true).map(Encoding::name), Some(encoding.name()));
        }
    }

    #[test]
    fn bytes_without_a_meaning_in_windows_are_of_a_mac() {
        let text = "text\rLa mer est à côté, très près\rça c'est un été\rLe garçon préfère\r";
        let bytes: Vec<u8> = Encoding::MAC.encode(text);
        assert!(bytes.contains(&0x8d) && bytes.contains(&0x8f));
        assert_eq!(guess(&bytes, true), Some(Encoding::MAC));
    }

    #[test]
    fn bytes_of_dos_are_characters() {
        let dos: Encoding = "ibm437".parse().unwrap();
        assert_eq!(dos.decode(b"\x9b5 \xabx\xe1\xff"), "\u{a2}5 \u{bd}x\u{df}\u{a0}");
        assert!([IBM437, IBM850].iter().all(|table| table.chars().count() == 128));
    }
}
