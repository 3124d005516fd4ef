//! Tests of whole pages as browsers copy them: the same comments in the layouts of many sites, with
//! ten and with eighty comments.

use super::*;

/// A comment as its site shows it.
struct Shown {
    number: usize,
    author: String,
    text: String,
}

impl Shown {
    fn likes(&self) -> usize {
        self.number * 7 % 23
    }

    fn age(&self) -> usize {
        1 + self.number * 5 % 11
    }

    fn minute(&self) -> String {
        format!("{:02}", self.number % 60)
    }

    /// Returns true for every `n`th comment.
    fn every(&self, n: usize) -> bool {
        self.number % n == n - 1
    }
}

const NAMES: [&str; 30] = [
    "Marta Quill",
    "pebble_99",
    "TheRealOtto",
    "Jan de Boer",
    "sixpence",
    "Rosa Lindt",
    "k.moreau",
    "Ulla",
    "owl-watcher",
    "Grigor Antal",
    "Zed",
    "noodle42",
    "Sister Agnes",
    "Petr Novak",
    "mossy",
    "Ines Falk",
    "QuietStorm",
    "Abel",
    "hans_w",
    "Lena Horvat",
    "T. Brandt",
    "coffee4two",
    "Viktor Sand",
    "Bee",
    "Omar Haddad",
    "night-rider",
    "Elsa Vik",
    "JoJo",
    "marsh wren",
    "Pia Storm",
];
const FIRST: [&str; 11] = [
    "I have swum in this lake since I was four and never saw a pike.",
    "Who pays for the new pier? We do, as usual.",
    "Nice",
    "My uncle built the old boathouse, and he would weep.",
    "So they close the beach and open a car park. Brilliant.",
    "You clearly never tried to find a towel there in July",
    "lol, what a plan",
    "The ducks were here first!",
    "Thank you for writing about it, nobody else does.",
    "That is the dumbest thing I have read all year.",
    "It was 12 degrees last week, and they talk about a sauna?",
];
const SECOND: [&str; 7] = [
    "Ask the mayor where the money went.",
    "And no, I will not calm down.",
    "Some of us remember the flood of 1993.",
    "See you there on Sunday.",
    "But what do I know, I only live here",
    "Read the plan before you shout.",
    "My dog agrees.",
];

fn comments(count: usize) -> Vec<Shown> {
    let comment = |number: usize| {
        // Each of the first authors writes once; later some come back.
        let author = if number < 9 { number } else { number * number % 30 };
        let mut text = FIRST[number % 11].to_owned();
        if number % 3 == 1 || number >= 11 {
            text += if number % 4 == 3 { "\n" } else { " " };
            text += SECOND[number / 3 % 7];
        }
        if number >= 33 {
            text += &format!(" ({number} times now)");
        }
        Shown { number, author: NAMES[author].to_owned(), text }
    };
    (0..count).map(comment).collect()
}

/// Returns comments of which each has another author.
fn strangers(count: usize) -> Vec<Shown> {
    const GIVEN: [&str; 9] = ["Alma", "Bruno", "Carla", "Dorte", "Egon", "Fenna", "Gustav", "Hilde", "Ivo"];
    const FAMILY: [&str; 11] =
        ["Amsel", "Borg", "Czerny", "Dahl", "Ebner", "Falk", "Gruber", "Holm", "Iversen", "Jung", "Krol"];
    let name = |number: usize| {
        let (given, family) = (GIVEN[number % 9], FAMILY[number % 11]);
        match number % 5 {
            0 => format!("{}{}", given.to_lowercase(), number * 7 + 3),
            1 => format!("{given}_{family}"),
            2 => format!("{family}{given}"),
            3 => format!("{} {family}", &given[..1]).replacen(' ', ". ", 1),
            _ => format!("{given} {family}"),
        }
    };
    let comments = comments(count).into_iter();
    comments.map(|comment| Shown { author: name(comment.number), ..comment }).collect()
}

/// Returns an age in the words of a language: the number is at `#`.
fn aged(c: &Shown, forms: &[&str]) -> String {
    forms[c.number % forms.len()].replace('#', &(c.age() + 1).to_string())
}

/// A site: its name, the lines above the comments, and the function that shows one.
type Site = (&'static str, &'static str, fn(&Shown) -> String);

const ARTICLE: &str = "Lake council approves new pier\nThe council of the lake towns approved a pier of ninety metres on Tuesday, \
    against the votes of two members.\nWork is to begin in autumn, the spokeswoman said.\n";

fn handle(c: &Shown) -> String {
    c.author.replace([' ', '.'], "_")
}

const SITES: &[Site] = &[
    ("youtube", "80 Comments\nSort by\nAdd a comment...\n", |c| {
        let edited = if c.every(6) { " (edited)" } else { "" };
        let replies = if c.every(4) { format!("{} replies\n", c.age()) } else { String::new() };
        format!("{}\n{} days ago{edited}\n{}\n{}\nReply\n{replies}", c.author, c.age() + 1, c.text, c.likes())
    }),
    ("youtube in one line", "", |c| {
        format!("{} {} weeks ago\n{}\n{}\nReply\n", handle(c), c.age() + 1, c.text, c.likes())
    }),
    (
        "hacker news",
        "Hacker News\nnew | past | comments | ask | show | jobs | submit\nlogin\nA pier of ninety metres (lake.example)\n",
        |c| {
            let links =
                ["| next [–]", "| root | parent | next [–]", "| parent | prev | next [–]"][c.number % 3];
            format!("{} {} hours ago {links}\n\n{}\n\nreply\n\n", handle(c), c.age() + 1, c.text)
        },
    ),
    ("reddit, old", "all 80 comments\nsorted by: top\n", |c| {
        let own = if c.every(5) { "[S]" } else { "" };
        format!(
            "[–]{}{own} {} points {} days ago \n{}\n\npermalinkembedsavereportreply\n",
            handle(c),
            c.likes() + 2,
            c.age() + 1,
            c.text
        )
    }),
    ("reddit, new", "", |c| {
        format!(
            "u/{0} avatar\n{0}\n•\n{1}h ago\n{2}\n\n\nUpvote\n{3}\n\nDownvote\n\nReply\n\nAward\n\nShare\n\n",
            handle(c),
            c.age(),
            c.text,
            c.likes()
        )
    }),
    ("guardian", ARTICLE, |c| {
        format!(
            "{}\n{} Mar 2024 1{}.{}\n\n{}\n\n{}\nReply\nReport\n",
            handle(c),
            c.age(),
            c.age() % 10,
            c.minute(),
            c.text,
            c.likes()
        )
    }),
    ("new york times", ARTICLE, |c| {
        let place = ["Lakeside, OH", "London", "Brooklyn, NY", "Here"][c.number % 4];
        let likes = if c.likes() > 0 { c.likes().to_string() } else { String::new() };
        format!("{}\n{place}\nMarch {}\n{}\nReply{likes} RecommendShare\n", c.author, c.age(), c.text)
    }),
    ("new york times, newer", ARTICLE, |c| {
        let initial = c.author.chars().next().unwrap_or('A').to_uppercase();
        format!(
            "{0} commented {1} hours ago\n{initial}\n{0}\nLakeside, OH\n{1}h ago\n{2}\nReply\n{3} Recommend\nShare\nFlag\n",
            c.author,
            c.age() + 1,
            c.text,
            c.likes()
        )
    }),
    ("disqus", "80 Comments\nLake News\nLogin\nFavorite 3\nShare\nSort by Newest\n", |c| {
        let to = if c.every(3) { "Olga Marsh\n" } else { "" };
        format!(
            "Avatar\n{}\n{to}{} months ago\n{}\n\n{}\n•\nReply\nShare ›\n",
            c.author,
            c.age() + 1,
            c.text,
            c.likes()
        )
    }),
    ("facebook", "Most relevant\n", |c| {
        let fan = if c.every(4) { "Top fan\n" } else { "" };
        let edited = if c.every(5) { "Edited\n" } else { "" };
        let more = if c.every(7) { "View 3 more replies\n" } else { "" };
        format!("{}\n{fan}{}\nLike\nReply\n{}w\n{edited}{more}", c.author, c.text, c.age())
    }),
    ("instagram", "", |c| {
        let likes = match c.likes() {
            0 => String::new(),
            1 => "1 like".to_owned(),
            n => format!("{n} likes"),
        };
        format!("{}\n{}\n{}w{likes}Reply\n", handle(c), c.text, c.age())
    }),
    ("instagram, with pictures", "", |c| {
        format!(
            "{0}'s profile picture\n{0}\n{1}\n{2}d\n{3} likes\nReply\n",
            handle(c),
            c.text,
            c.age(),
            c.likes() + 2
        )
    }),
    ("x", "", |c| {
        format!(
            "{}\n@{}_x\n·\nMar {}\n{}\n{}\n{}\n{}\n{}.1K\n",
            c.author,
            handle(c).to_lowercase(),
            c.age(),
            c.text,
            c.likes(),
            c.age(),
            c.likes() + 3,
            c.age()
        )
    }),
    ("x, with replies", "", |c| {
        format!(
            "{}\n@{}\n·\n{}h\nReplying to \n@lake_news\n{}\n{}\n{}\n",
            c.author,
            handle(c),
            c.age(),
            c.text,
            c.likes(),
            c.age()
        )
    }),
    ("tiktok", "", |c| {
        let more = if c.every(5) { format!("View {} replies\n", c.age()) } else { String::new() };
        format!("{}\n{}\n{}-{}Reply\n{}\n{more}", c.author, c.text, 1 + c.number % 12, c.age(), c.likes())
    }),
    ("discord", "", |c| format!("{} — Today at 10:{} AM\n{}\n", c.author, c.minute(), c.text)),
    ("wordpress", ARTICLE, |c| {
        format!("{} says:\nMarch {}, 2024 at 10:{} am\n{}\n\nReply\n", c.author, c.age(), c.minute(), c.text)
    }),
    ("teams", "", |c| format!("{}\n10:{} AM\n{}\n", c.author, c.minute(), c.text)),
    ("teams, older", "", |c| format!("[10:{} AM] {}\n{}\n\n", c.minute(), c.author, c.text)),
    ("lemmy", "", |c| {
        format!(
            "{}@lake.example\nlink\nfedilink\n{}·{} hours ago\n{}\n\nreply\n",
            handle(c),
            c.likes(),
            c.age() + 1,
            c.text
        )
    }),
    ("colon", "", |c| format!("{}: {}\n", c.author, c.text.replace('\n', " "))),
    ("signature", "", |c| format!("{}\n— {}\n\n", c.text, c.author)),
    ("numbered with time", "", |c| {
        format!("{}. {}, {} March 2024, 10:{}\n{}\n\n", c.number + 1, c.author, c.age(), c.minute(), c.text)
    }),
    ("numbered", "", |c| format!("#{} {}\n{}\n\n", c.number + 1, c.author, c.text)),
    ("forum", "", |c| {
        format!(
            "{}\nMember\nPosts: {}\n#{}\n{}\nQuote\nReport\n",
            c.author,
            c.likes() + 30,
            c.number + 1,
            c.text
        )
    }),
    ("german", "80 Kommentare\n", |c| {
        format!("{}\nvor {} Stunden\n{}\nAntworten\nMelden\n{}\n", c.author, c.age() + 1, c.text, c.likes())
    }),
    ("swedish", "", |c| format!("{}\nför {} timmar sedan\n{}\nSvara\n", c.author, c.age() + 1, c.text)),
    ("x in one line", "", |c| {
        format!(
            "{} @{} · {}h\n{}\n{}\n{}\n{}\n",
            c.author,
            handle(c),
            c.age(),
            c.text,
            c.likes(),
            c.age(),
            c.likes() + 3
        )
    }),
    ("reddit, new, without pictures", "", |c| {
        let op = if c.every(6) { "OP\n" } else { "" };
        format!(
            "{}\n{op}• {} hr. ago\n{}\n{}\nReply\nShare\nReport\nSave\n",
            handle(c),
            c.age() + 1,
            c.text,
            c.likes()
        )
    }),
    ("reddit, new, with plus", "", |c| {
        format!(
            "{}\n{}d ago\n{}\nUpvote\n{}\nDownvote\nReply\nreply\nAward\n",
            handle(c),
            c.age(),
            c.text,
            c.likes()
        )
    }),
    ("hacker news, short", "", |c| {
        format!("{} {} hours ago [–]\n{}\nreply\n", handle(c), c.age() + 1, c.text)
    }),
    ("hacker news, with arrows", "", |c| {
        format!("▲\n{} {} minutes ago | prev | next [–]\n\n{}\nreply\n", handle(c), c.age() + 1, c.text)
    }),
    ("guardian, older", ARTICLE, |c| {
        let pick = if c.every(5) { "Guardian Pick\n" } else { "" };
        format!(
            "{}\n{} hours ago\n{pick}{}\n{}\nReply\nShare\nReport\n",
            handle(c),
            c.age() + 1,
            c.text,
            c.likes()
        )
    }),
    ("guardian, with addressees", "", |c| {
        let to = if c.every(3) { "Reply to mossy\n" } else { "" };
        format!("{}\n{}h ago\n{to}{}\n\n{}\n\nReply\n", handle(c), c.age(), c.text, c.likes())
    }),
    ("new york times, glued", ARTICLE, |c| {
        let place = ["Lakeside, OH", "London", "Brooklyn, NY", "Here"][c.number % 4];
        format!("{}\n{place}{}h ago\n{}\n{} Recommend\nShare\nFlag\n", c.author, c.age(), c.text, c.likes())
    }),
    ("new york times, with bar", "", |c| {
        let place = ["Lakeside, OH", "London", "Brooklyn, NY", "Here"][c.number % 4];
        format!("{}\n{place} | March {}\n{}\nReply{} RecommendShare\n", c.author, c.age(), c.text, c.likes())
    }),
    ("new york times, time alone", "", |c| {
        format!("{}\n{} hours ago\n{}\nReply{} RecommendShare\n", c.author, c.age() + 1, c.text, c.likes())
    }),
    ("new york times, bare", "", |c| {
        format!("{}\n{}\nReply{} RecommendShare\n", c.author, c.text, c.likes())
    }),
    ("tiktok, ages", "", |c| {
        format!(
            "{}\n{}\n{}d ago\nReply\n{}\nView more replies ({})\n",
            c.author,
            c.text,
            c.age(),
            c.likes(),
            c.age()
        )
    }),
    ("tiktok, with creator", "", |c| {
        let own = if c.every(7) { "· Creator\n" } else { "" };
        format!("{}\n{own}{}\n{}h\n{}\nReply\n", handle(c), c.text, c.age(), c.likes())
    }),
    ("bluesky", "", |c| {
        format!(
            "{}\n@{}.example.social\n· {}h\n{}\n{}\n{}\n",
            c.author,
            handle(c).to_lowercase(),
            c.age(),
            c.text,
            c.likes(),
            c.age()
        )
    }),
    ("mastodon", "", |c| {
        format!(
            "{}\n@{}@lake.example\n{}h\n{}\n{}\n{}\n",
            c.author,
            handle(c),
            c.age(),
            c.text,
            c.likes(),
            c.age()
        )
    }),
    ("facebook in one line", "", |c| format!("{}\n{}\nLike · Reply · {}w\n", c.author, c.text, c.age())),
    ("french", "", |c| {
        format!("{}\nil y a {} heures\n{}\nRépondre\nSignaler\n", c.author, c.age() + 1, c.text)
    }),
    ("spanish", "", |c| {
        format!("{} · hace {} horas\n{}\nMe gusta\nResponder\n", c.author, c.age() + 1, c.text)
    }),
    ("slack", "", |c| format!("{}  10:{} AM\n{}\n", c.author, c.minute(), c.text)),
    ("time below", "", |c| {
        format!("{}\n{}\nMarch {}, 2024 at 10:{} am\n", c.author, c.text, c.age(), c.minute())
    }),
    ("name and number", "", |c| {
        format!("{} #{}\n{}\n3 March 2024 10:{}\n", c.author, c.number + 1, c.text, c.minute())
    }),
    ("finnish", "", |c| {
        let age = aged(c, &["# tuntia sitten", "# minuuttia sitten", "# päivää sitten", "# viikkoa sitten"]);
        format!("{}\n{age}\n{}\nVastaa\nIlmoita\n", c.author, c.text)
    }),
    ("turkish", "", |c| {
        let age = aged(c, &["# saat önce", "# dakika önce", "# gün önce", "# hafta önce", "# ay önce"]);
        format!("{}\n{age}\n{}\n{}\nYanıtla\n", c.author, c.text, c.likes())
    }),
    ("hungarian, time alone", "", |c| {
        format!("{}\n2024. március {}. 10:{}\n{}\n", c.author, c.age(), c.minute(), c.text)
    }),
    ("czech", "", |c| {
        let age = aged(c, &["před # hodinami", "před # minutami", "před # dny", "před # týdny"]);
        format!("{}\n{age}\n{}\nOdpovědět\n", c.author, c.text)
    }),
    ("japanese", "", |c| {
        let age = aged(c, &["#時間前", "#分前", "#日前", "#か月前"]);
        format!("{}\n{age}\n{}\n返信\n", c.author, c.text)
    }),
    ("russian", "", |c| {
        let age = aged(c, &["# часов назад", "# минут назад", "# дней назад", "# недель назад"]);
        format!("{}\n{age}\n{}\nОтветить\nПожаловаться\n", c.author, c.text)
    }),
    ("counters in icelandic", "", |c| {
        format!("{}\n{}\nSvara\n{} líkar þetta\n", c.author, c.text, c.likes() + 2)
    }),
    ("times in danish", "", |c| {
        let age = aged(c, &["for # timer siden", "for # minutter siden", "for # dage siden"]);
        format!("{}\n{age}\n{}\n", c.author, c.text)
    }),
    ("times in figures", "", |c| {
        format!("{}\n{:02}.03.2024 10:{}\n{}\n", c.author, c.age(), c.minute(), c.text)
    }),
    ("karma", "", |c| format!("{}\nkarma {}\n{}\nrant along\n", c.author, c.likes() * 31 + 40, c.text)),
    ("dated", ARTICLE, |c| {
        format!("Posted by {} on {} March 2024 at 10:{}\n{}\n", c.author, c.age(), c.minute(), c.text)
    }),
];

fn shown(site: &Site, comments: &[Shown]) -> String {
    let (_, above, show) = site;
    comments.iter().fold((*above).to_owned(), |page, comment| page + &show(comment))
}

/// Returns the author as the site writes the name.
fn written(site: &str, comment: &Shown) -> String {
    match site {
        "youtube in one line" | "instagram" | "instagram, with pictures" | "tiktok, with creator" => {
            handle(comment)
        }
        site if ["reddit", "hacker", "guardian"].iter().any(|name| site.starts_with(name)) => handle(comment),
        "lemmy" => handle(comment) + "@lake.example",
        _ => comment.author.clone(),
    }
}

#[test]
fn the_end_of_a_page_is_no_comment() {
    for (name, end) in [
        ("hacker news", "\n\nGuidelines | FAQ | Lists | Contact\n\nSearch:\n"),
        ("reddit old", "\nabout\nblog\nhelp\nUse of this site constitutes acceptance of our agreement.\n"),
    ] {
        let Some(site) = SITES.iter().find(|site| site.0.starts_with(name)) else { continue };
        let comments = comments(10);
        let whole = parse(&shown(site, &comments), &Overrides::default()).unwrap();
        let dump = parse(&(shown(site, &comments) + end), &Overrides::default()).unwrap();
        let texts =
            |dump: &Dump| dump.comments.iter().map(|comment| comment.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&dump), texts(&whole), "{name}");
        assert!(dump.notices.iter().any(|notice| notice.contains("the page's footer")), "{:?}", dump.notices);
    }
}

/// Returns what is wrong with the reading of a page of a site.
fn faults(site: &Site, name: &str, comments: &[Shown]) -> Vec<String> {
    let mut wrong = Vec::new();
    let page = shown(site, comments);
    if sniff(&page).is_none() {
        wrong.push(format!("{name}: not recognised"));
    }
    let found = parse(&page, &Overrides::default()).map_or_else(|_| Vec::new(), |dump| dump.comments);
    if found.len() != comments.len() {
        wrong.push(format!("{name}: {} comments", found.len()));
    }
    let differing = comments.iter().zip(&found).find(|(comment, found)| {
        let text = if site.0 == "colon" { comment.text.replace('\n', " ") } else { comment.text.clone() };
        found.author != written(site.0, comment) || found.text != text
    });
    if let Some((comment, found)) = differing {
        wrong.push(format!(
            "{name}: {:?}: {:?} became {:?}: {:?}",
            comment.author, comment.text, found.author, found.text
        ));
    }
    wrong
}

#[test]
fn pages_of_many_sites_are_read() {
    let mut wrong = Vec::new();
    for site in SITES {
        for count in [10, 80] {
            wrong.extend(faults(site, &format!("{} of {count}", site.0), &comments(count)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_on_which_everybody_writes_once_are_read() {
    let mut wrong = Vec::new();
    for site in SITES {
        for count in [10, 80] {
            wrong.extend(faults(site, &format!("{} of {count}", site.0), &strangers(count)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
