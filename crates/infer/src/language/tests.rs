use super::*;

/// The start of an export in English, and of one in Spanish.
const ENGLISH: [&str; 12] = [
    "The ferry was late again this morning",
    "Who decided to close the bakery on Sundays?",
    "lol",
    "I have been saying this for years and nobody listens",
    "so true",
    "This is the best pie recipe I have ever tried, thank you",
    "My neighbour's goat ate the parking ticket",
    "nope",
    "What a waste of money",
    "They should have asked the people who live there first",
    "first!",
    "Has anyone seen my umbrella?",
];
const SPANISH: [&str; 12] = [
    "El barco llegó tarde otra vez esta mañana",
    "¿Quién decidió cerrar la panadería los domingos?",
    "jajaja",
    "Llevo años diciendo esto y nadie me escucha",
    "qué verdad",
    "Es la mejor receta de pastel que he probado, gracias",
    "La cabra de mi vecino se comió la multa",
    "no",
    "Qué manera de tirar el dinero",
    "Primero tenían que haber preguntado a los que viven allí",
    "primero!",
    "¿Alguien ha visto mi paraguas?",
];

fn gate_of(languages: &[&str], head: &[&str]) -> Gate {
    let mut gate = Gate::new(languages);
    if !head.is_empty() {
        gate.expect(head.iter().copied());
    }
    gate
}

#[test]
fn english_is_scored() {
    let mut wrong = Vec::new();
    for head in [&[][..], &ENGLISH] {
        let gate = gate_of(&["en"], head);
        for text in [
            "",
            "enjoy!",
            "Good luck.",
            "lol",
            "nah m8",
            "SMH fr fr",
            "THIS IS THE WORST TAKE EVER",
            "ur a n00b lmao",
            "http",
            "@user",
            "😂😂😂",
            "¯\\_(ツ)_/¯",
            "ಠ_ಠ",
            "(ノಠ益ಠ)ノ",
            "( ͡° ͜ʖ ͡°)",
            "(´д`)",
            "y0u 4r3 s0 dum6 1t hur75",
            "déjà vu all over again",
            "hahaha",
            "wtf dude bro",
            "gonna grab a café au lait with my fiancée",
            "уоu аrе such а mоrоn",
            "Danke mate, see you at the pub",
            "PSY - GANGNAM STYLE (강남스타일) M/V: http",
            "ya mum",
            "Привет from your fans in sunny Ohio",
            "I told my abuela and she said no me gusta haha",
            "That was such a wunderbar evening with all of you",
            "Harbour Pilots Picket Port Authority in San Antonio via @user",
            "Mayor Giuseppe Bianchi meets Chancellor Müller in Buenos Aires",
            "Atlético Madrid 2 Borussia Dortmund 1: Griezmann scores late #UCL http",
        ] {
            let detected = gate.detect(text);
            if detected.foreign {
                wrong.push((text, detected));
            }
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn other_languages_are_turned_away_without_an_export() {
    let gate = gate_of(&["en"], &[]);
    for (language, text) in [
        ("de", "Das ist doch völliger Unsinn, was hier steht"),
        ("fr", "Je ne comprends pas pourquoi tout le monde se plaint"),
        ("es", "No entiendo por qué todos se quejan tanto"),
        ("it", "Non capisco perché tutti si lamentano così"),
        ("pt", "Eu não entendo por que todo mundo reclama"),
        ("nl", "Ik snap niet waarom iedereen zo zeurt"),
        ("pl", "Nie rozumiem, dlaczego wszyscy tak narzekają"),
        ("tr", "Herkesin neden bu kadar şikayet ettiğini anlamıyorum"),
        ("id", "Saya tidak mengerti kenapa semua orang mengeluh"),
        ("sv", "Jag förstår inte varför alla klagar så mycket"),
        ("da", "Jeg forstår ikke, hvorfor alle klager så meget"),
        ("fi", "En ymmärrä miksi kaikki valittavat"),
        ("cs", "Nechápu, proč si všichni pořád stěžují"),
        ("hu", "Nem értem, miért panaszkodik mindenki"),
        ("ro", "Nu înțeleg de ce se plânge toată lumea"),
        ("vi", "Tôi không hiểu tại sao mọi người phàn nàn"),
        ("hi", "mujhe samajh nahi aata sab log shikayat kyu karte hai"),
        ("ru", "Почему все жалуются?"),
        ("uk", "Чому всі скаржаться, не розумію"),
        ("bg", "Не разбирам защо всички се оплакват"),
        ("ar", "لماذا يشتكي الجميع"),
        ("fa", "چرا همه شکایت می کنند"),
        ("ur", "سب لوگ شکایت کیوں کرتے ہیں"),
        ("zh", "为什么大家都在抱怨"),
        ("zh", "昨天用ipad看了三集"),
        ("ja", "このpdfは読めません"),
        ("th", "ชอบดูyoutubeทุกคืน"),
        ("ja", "みんな文句ばかり言う"),
        ("ko", "왜 다들 불평하는지"),
        ("ko", "ㅋㅋㅋ"),
        ("el", "γιατί παραπονιούνται όλοι"),
        ("he", "למה כולם מתלוננים"),
        ("hi", "सब लोग शिकायत क्यों करते हैं"),
        ("bn", "সবাই কেন অভিযোগ করে"),
        ("th", "ทำไมทุกคนบ่น"),
        ("und", "ᐊᐃᓐᓇ ᐅᑯᐊ"),
    ] {
        let detected = gate.detect(text);
        assert_eq!((detected.language, detected.foreign), (Some(language), true), "{text:?}: {detected:?}");
    }
}

#[test]
fn short_texts_follow_the_export() {
    let (of_english, of_spanish) = (gate_of(&["en"], &ENGLISH), gate_of(&["en"], &SPANISH));
    for text in ["Arnold Schwarzenegger, Angela Merkel, Til Schweiger", "Schadenfreude!", "mango"] {
        assert!(!of_english.detect(text).foreign, "{text:?}: {:?}", of_english.detect(text));
    }
    for text in ["kys", "Great pie!!!", "no", "idiot", "mango", "ok", "10/10 quiche"] {
        let detected = of_english.detect(text);
        assert_eq!((detected.language, detected.foreign), (Some("en"), false), "{text:?}: {detected:?}");
    }
    for text in ["jajaja", "no", "Qué asco", "vete ya", "payaso", "Muy bien"] {
        let detected = of_spanish.detect(text);
        assert_eq!((detected.language, detected.foreign), (Some("es"), true), "{text:?}: {detected:?}");
    }
    for text in ["Nobody asked you", "What a lovely surprise for the whole family", "shut up, you fool"] {
        assert!(!of_spanish.detect(text).foreign, "{text:?}: {:?}", of_spanish.detect(text));
    }
    assert!(of_english.detect("¿Y quién va a pagar todo esto ahora?").foreign);
    assert_eq!(of_spanish.expected()[0].0, "es");
    // Characters alone may be either language; the export decides.
    assert_eq!(gate_of(&["en"], &[]).detect("最高").language, Some("zh"));
    assert_eq!(gate_of(&["en"], &["みんな文句ばかり言う"]).detect("最高").language, Some("ja"));
}

#[test]
fn the_list_of_the_model_decides() {
    let (german, english) =
        ("Das glaubt dir doch kein Mensch hier", "Nobody around here believes that story");
    let foreign = |languages: &[&str]| {
        let gate = gate_of(languages, &[]);
        [german, english, "谁都不信"].map(|text| gate.detect(text).foreign)
    };
    assert_eq!(foreign(&["de"]), [false, true, true]);
    assert_eq!(foreign(&["en"]), [true, false, true]);
    assert_eq!(foreign(&["en", "de"]), [false, false, true]);
    assert_eq!(foreign(&["en-GB", "de_AT", "zh-Hans"]), [false, false, false]);
    assert_eq!(foreign(&[]), [false, false, false]);
    // Maltese cannot be detected: what is taken for German may be Maltese, Chinese is not.
    assert_eq!(foreign(&["mt"]), [false, false, true]);
    assert_eq!(gate_of(&["de"], &[]).detect("Danke").language, Some("de"));
    assert!(is_known("no", &["nb"]) && is_known("en", &["EN-us"]) && !is_known("en", &["de"]));
}

#[test]
fn a_census_counts_different_texts() {
    let german = "Wer hat eigentlich beschlossen, dass die Bäckerei sonntags zu ist?";
    let mut texts: Vec<String> = ENGLISH.iter().map(|text| (*text).to_owned()).collect();
    texts
        .extend([german, german, "Das glaubt dir doch kein Mensch hier", "\u{1f600}", ""].map(str::to_owned));
    assert_eq!(census(&texts), [("en", 12), ("de", 2)]);
    assert_eq!(census::<&str>([]), []);
}

#[test]
fn the_prior_is_a_distribution() {
    for languages in [&[][..], &["en"], &["mt"], &["en", "ko", "th"]] {
        for head in [&[][..], &ENGLISH, &SPANISH, &["😂", ""]] {
            let expected = gate_of(languages, head).expected();
            let sum: f64 = expected.iter().map(|(_, share)| share).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{languages:?}: {sum}");
            assert!(expected.iter().all(|(_, share)| *share >= 0.0));
        }
    }
    let all: Vec<&str> = LANGUAGES.iter().copied().collect();
    assert!(!gate_of(&all, &[]).detect("Das glaubt dir doch kein Mensch hier").foreign);
}

#[test]
fn a_long_text_takes_no_longer() {
    let text = "nobody reads beyond this line ".repeat(MAX_BYTES / 30 + 1) + &"слово ".repeat(1 << 20);
    assert_eq!(gate_of(&["en"], &[]).detect(&text).language, Some("en"));
    let word = "é".repeat(1 << 20);
    assert_eq!(gate_of(&["en"], &[]).detect(&word), gate_of(&["en"], &[]).detect(&word[..2 * MAX_LETTERS]));
}

#[test]
fn the_table_fits_the_code() {
    assert_eq!(TABLE.groups.len(), 3);
    assert_eq!(TABLE.weights.len() % TABLE.languages.len(), 0);
    let mut languages = LANGUAGES.clone();
    languages.sort_unstable();
    languages.dedup();
    // Hindi is written in two scripts, and is listed once.
    assert_eq!(languages.len(), LANGUAGES.len());
    assert!(LANGUAGES.iter().all(|language| *language == canonical(language)));
}

#[test]
fn features_are_the_ngrams_of_a_marked_word() {
    let features = |word| {
        let mut hashes = Vec::new();
        for_each_feature(word, |hash| hashes.push(hash));
        hashes.sort_unstable();
        hashes
    };
    let hashes = |grams: &[&str]| {
        let hash = |gram: &&str| gram.chars().fold(FNV_BASIS, fnv);
        let mut hashes: Vec<u32> = grams.iter().map(hash).map(|hash| hash ^ hash >> 15).collect();
        hashes.sort_unstable();
        hashes
    };
    assert_eq!(features("é"), hashes(&["é", "_é", "é_", "_é_"]));
    assert_eq!(features("ab"), hashes(&["a", "b", "_a", "ab", "b_", "_ab", "ab_", "_ab_"]));
    let abc = ["a", "b", "c", "_a", "ab", "bc", "c_", "_ab", "abc", "bc_", "_abc", "abc_", "_abc_"];
    assert_eq!(features("abc"), hashes(&abc));
    // The example of the specification, before the bits are mixed.
    assert_eq!("foobar".chars().fold(FNV_BASIS, fnv), 0xbf9c_f968);
}
