//! The words of chat programs, in the languages of many exports.

use comity_core::comment::Status;

/// The text of a message as people see it.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    pub(super) text: String,
    /// Deleted, or the program's word for something that is not text.
    pub(super) status: Option<Status>,
    pub(super) is_edited: bool,
}

impl Message {
    /// Returns the text without marks, and its status. `has_marks` is true for a form that puts a
    /// mark only before the program's own words.
    pub(super) fn of(text: &str, has_marks: bool) -> Self {
        let is_of_program = has_marks && text.trim_start().starts_with('\u{200e}');
        let plain: String = text.chars().filter(|c| !matches!(c, '\u{200e}' | '\u{feff}')).collect();
        let plain = plain.trim();
        let (plain, is_edited) = match EDITED.trim().lines().find_map(|mark| plain.strip_suffix(mark)) {
            Some(rest) => (rest.trim_end(), true),
            None => (plain, false),
        };
        let lower = plain.trim_end_matches('.').to_lowercase();
        if is_in(DELETED, &lower) {
            return Self { text: plain.to_owned(), status: Some(Status::Deleted), is_edited };
        }
        let is_attachment = |line: &str| {
            let line = line.trim();
            let marked = line.strip_suffix(')').and_then(|line| line.rsplit_once(" ("));
            let inner = line.strip_prefix('<').and_then(|line| line.strip_suffix('>'));
            marked.is_some_and(|(_, mark)| is_in(ATTACHED, &mark.to_lowercase()))
                || inner.and_then(|inner| inner.split_once(':')).is_some_and(|(mark, file)| {
                    is_in(ATTACHED, &mark.trim().to_lowercase()) && file.contains('.')
                })
        };
        let is_omitted = |line: &str| {
            let line = line.trim().to_lowercase();
            is_in(OMITTED, line.trim_start_matches('<').trim_end_matches('>').trim_end_matches('.'))
        };
        // Text that accompanies a picture is the sender's.
        let mut lines = plain.lines();
        let first = lines.next().unwrap_or_default();
        if is_attachment(first) || is_omitted(first) {
            let caption = lines.collect::<Vec<_>>().join("\n");
            return match caption.trim() {
                "" => Self { text: plain.to_owned(), status: Some(Status::Service), is_edited },
                caption => Self { text: caption.to_owned(), status: None, is_edited },
            };
        }
        let status = (is_of_program && !plain.contains('\n')).then_some(Status::Service);
        Self { text: plain.to_owned(), status, is_edited }
    }
}

/// Returns true if a list of lines contains a line.
fn is_in(lines: &str, line: &str) -> bool {
    !line.is_empty() && lines.lines().any(|other| other == line)
}

/// Words for the first half of the day, in lower case and without dots and spaces.
pub(super) const MORNING: [&str; 16] = [
    "am",
    "a",
    "fm",
    "de",
    "dop",
    "vorm",
    "öö",
    "πμ",
    "sa",
    "дп",
    "午前",
    "上午",
    "오전",
    "ص",
    "قظ",
    "לפנה״צ",
];

/// Words for the second half of the day.
pub(super) const AFTERNOON: [&str; 16] = [
    "pm",
    "p",
    "em",
    "du",
    "odp",
    "nachm",
    "ös",
    "μμ",
    "ch",
    "пп",
    "午後",
    "下午",
    "오후",
    "م",
    "بظ",
    "אחה״צ",
];

/// Marks after the text of an edited message.
const EDITED: &str = "
<This message was edited>
<Diese Nachricht wurde bearbeitet.>
<Diese Nachricht wurde bearbeitet>
<Se editó este mensaje.>
<Este mensaje fue editado>
<Ce message a été modifié>
<Mensagem editada>
<Questo messaggio è stato modificato>
<Dit bericht is bewerkt>
";

/// The texts that replace a deleted message, in lower case.
const DELETED: &str = "
this message was deleted
you deleted this message
this message was deleted by admin
diese nachricht wurde gelöscht
du hast diese nachricht gelöscht
este mensaje fue eliminado
se eliminó este mensaje
eliminaste este mensaje
ce message a été supprimé
vous avez supprimé ce message
essa mensagem foi apagada
esta mensagem foi apagada
mensagem apagada
você apagou esta mensagem
questo messaggio è stato eliminato
hai eliminato questo messaggio
dit bericht is verwijderd
je hebt dit bericht verwijderd
u hebt dit bericht verwijderd
ta wiadomość została usunięta
usunięto tę wiadomość
";

/// The texts that replace a picture or a recording that the export leaves out, in lower case.
const OMITTED: &str = "
media omitted
image omitted
video omitted
audio omitted
gif omitted
sticker omitted
document omitted
contact card omitted
video note omitted
medien ausgeschlossen
medien weggelassen
bild weggelassen
video weggelassen
audio weggelassen
sticker weggelassen
gif weggelassen
multimedia omitido
archivo omitido
imagen omitida
video omitido
audio omitido
sticker omitido
médias omis
fichier omis
image absente
vidéo absente
audio omis
mídia oculta
mídia omitida
arquivo de mídia oculto
imagem ocultada
ficheiro não revelado
media omessi
immagine omessa
video omesso
audio omesso
media weggelaten
afbeelding weggelaten
video weggelaten
pominięto multimedia
pominięto grafikę
";

/// Words that mark the name of an attached file, in lower case.
const ATTACHED: &str = "
attached
file attached
datei angehängt
anhang
archivo adjunto
adjunto
fichier joint
pièce jointe
arquivo anexado
ficheiro anexado
anexado
file allegato
allegato
bestand bijgevoegd
bijgevoegd
plik załączony
załącznik
";
