//! Names of columns and keys that exports use for each field.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Field;

/// Returns the fields that a name may stand for, each with its score; higher is surer.
pub(super) fn lookup(name: &str) -> Vec<(Field, i32)> {
    let known = |bare: &str| BY_NAME.get(bare).cloned().unwrap_or_default();
    let whole = bare(name);
    let found = known(&whole);
    if !found.is_empty() {
        return found;
    }
    // `Date (UTC)`: a remark in brackets is not part of the name.
    let name = name.split_once(['(', '[']).map_or(whole, |(start, _)| bare(start));
    let found = known(&name);
    if !found.is_empty() {
        return found;
    }
    // `Review Username`: the word for a comment may come first. The score of a review is its
    // author's, not that of readers.
    let owned =
        ["comment", "review", "tweet", "message"].into_iter().find_map(|word| name.strip_prefix(word));
    let found = owned.map(known).unwrap_or_default();
    let is_kept = |(field, _): &(Field, i32)| !matches!(field, Field::Votes | Field::Thread | Field::Section);
    found.into_iter().filter(is_kept).map(|(field, score)| (field, score - 3)).collect()
}

/// The names of all tables with their fields.
static BY_NAME: LazyLock<HashMap<&str, Vec<(Field, i32)>>> = LazyLock::new(|| {
    let mut by_name: HashMap<&str, Vec<(Field, i32)>> = HashMap::new();
    for (field, score, names) in ENGLISH.iter().chain(TRANSLATED) {
        for name in *names {
            let fields = by_name.entry(name).or_default();
            if !fields.iter().any(|(known, _)| known == field) {
                fields.push((*field, *score));
            }
        }
    }
    by_name
});

/// Returns a name without case, spaces, punctuation and accents.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).map(without_accent).collect()
}

fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ś' | 'š' => 's',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ź' | 'ż' | 'ž' => 'z',
        c => c,
    }
}

/// Returns the words of a key in lower case: `inReplyTo` and `in_reply_to` have three.
pub(super) fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_new, mut was_lower) = (true, false);
    for c in key.chars() {
        if !c.is_alphanumeric() {
            is_new = true;
            continue;
        }
        is_new |= was_lower && c.is_uppercase();
        if std::mem::take(&mut is_new) {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

type Names = &'static [(Field, i32, &'static [&'static str])];

/// Names in English and those of the tools, as [`bare`] leaves them.
#[rustfmt::skip]
pub(super) const ENGLISH: Names = &[
    (Field::Text, 100, &["fulltext", "rawcontent", "tweetfulltext", "extendedtext", "longtext"]),
    (Field::Text, 99, &["text", "commenttext", "commentbody", "commentcontent", "textoriginal"]),
    (Field::Text, 97, &["commentplain", "commenttextoriginal", "rawcomment", "commentraw"]),
    (Field::Text, 95, &["body", "comment", "messagetext", "tweettext", "posttext", "reviewtext", "rawtext"]),
    (Field::Text, 94, &["rawmessage", "rawbody", "bodymarkdown", "bodymd", "postraw", "textplain", "plaintext",
        "reviewbody", "reviewcontent", "reviewcomment", "tweetcontent", "messagecontent", "messagebody",
        "postmessage", "commentmessage", "livechattext", "textraw", "customerreview", "userreview",
        "reviewcontents", "feedbacktext", "opentext", "commentmarkdown", "answertext", "statustext",
        "commentfulltext"]),
    (Field::Text, 90, &["content", "message", "selftext", "tweet", "utterance", "postbody", "postcontent",
        "bodytext", "contents", "com"]),
    (Field::Text, 80, &["textdisplay", "review", "raw", "textcontent", "replytext", "contenttext",
        "renderedcontent", "contenthtml", "bodyhtml", "commenthtml", "texthtml", "contentraw"]),
    (Field::Text, 70, &["post", "comments", "cooked", "postcooked", "cleantext", "feedback", "opinion", "verbatim"]),
    (Field::Text, 62, &["pros", "positivetext", "prostext"]),
    (Field::Text, 60, &["reply", "remark", "remarks", "hitsentence", "reviews", "tweets", "messages"]),
    (Field::Text, 58, &["cons", "negativetext", "constext"]),
    (Field::Text, 45, &["caption", "answer", "response", "note", "snippet"]),

    (Field::Author, 99, &["author", "authorname", "commentauthor", "authordisplayname", "commenter",
        "commentauthorname"]),
    (Field::Author, 97, &["userdisplayname", "ownerusername", "reviewername", "fromname", "consumername",
        "uname"]),
    (Field::Author, 95, &["username", "commentername", "speaker", "postauthor", "authorusername",
        "commentinguser", "postername", "creatorname", "membername", "usernick", "usernickname",
        "authornickname", "authornick"]),
    (Field::Author, 90, &["user", "screenname", "displayname", "poster", "postedby", "sender", "userscreenname",
        "reviewer", "ownername", "fromusername", "authorhandle", "userhandle", "userlogin", "authorlogin",
        "accountname"]),
    (Field::Author, 75, &["nickname", "nick", "handle", "creator", "writer", "authorfullname", "sendername",
        "personaname", "submitter", "submittedby", "createdby", "contributor", "customername", "guestname",
        "actorname", "writtenby", "commentedby", "twitterhandle", "commenterfullname", "authoralias",
        "reviewedby", "commentby", "reviewby", "authoruser", "personname", "respondentname", "userdisplay"]),
    (Field::Author, 60, &["name", "from", "by", "profilename", "login", "member", "account", "owner", "fullname",
        "userfullname", "customer", "uniqueid", "acct", "actor", "influencer"]),
    (Field::Author, 50, &["pagename"]),
    (Field::Author, 40, &["authorid", "userid", "fromid", "authorchannelid", "speakerid", "commenterid",
        "reviewerid", "ownerid", "uid", "accountid", "useruuid", "steamid", "memberid", "profileid", "senderid",
        "creatorid", "authordid"]),

    (Field::Id, 99, &["commentid", "id"]),
    (Field::Id, 90, &["messageid", "tweetid", "utteranceid", "reviewid", "idstr", "recommendationid",
        "commentno", "commentnumber", "idcomment", "rpid", "rpidstr", "livechatid", "feedbackid", "answerid",
        "noteid"]),
    (Field::Id, 85, &["shortid", "pk", "commentpk"]),
    (Field::Id, 70, &["cid", "objectid", "responseid", "respondentid"]),
    (Field::Id, 60, &["uuid", "guid", "postnumber", "statusid", "no", "recordid"]),
    (Field::Id, 45, &["uri", "itemid", "entryid"]),
    (Field::Id, 30, &["postid"]),

    (Field::Parent, 99, &["parentid", "parentcommentid", "commentparent", "commentparentid", "replytoid"]),
    (Field::Parent, 95, &["parent", "replyto", "inreplyto", "inreplytoid", "replytocommentid",
        "inreplytocommentid", "replytocomment", "parentcomment", "parentmsgid"]),
    (Field::Parent, 90, &["replytomessageid", "inreplytostatusid", "inreplytostatusidstr", "replytopostnumber",
        "replyid", "isreplyto", "parenttweetid", "repliedtoid", "repliedto", "replyingto", "inreplytouri",
        "inreplytostatus", "parentreviewid", "parentuuid", "replycommentid", "parentno"]),
    (Field::Parent, 85, &["responseto", "inresponseto", "parentpostid", "inreplytotweetid", "parentmessageid",
        "resto", "inreplytopostid", "repliestoid", "replytocid", "answerto", "respondingto", "targetcommentid"]),
    (Field::Parent, 75, &["pid", "toplevelcommentid"]),
    (Field::Parent, 65, &["rid", "replytoreplyid"]),

    (Field::Thread, 99, &["threadid", "thread", "conversationid", "conversationidstr"]),
    (Field::Thread, 95, &["articleid", "videoid", "linkid", "submissionid", "topicid", "storyid",
        "discussionid", "awemeid", "commentpostid"]),
    (Field::Thread, 88, &["issueurl", "pullrequesturl", "pagekey", "threadkey", "contextid"]),
    (Field::Thread, 85, &["article", "video", "conversation", "discussion", "threadtitle", "articletitle",
        "videotitle", "articlename", "videoname"]),
    (Field::Thread, 80, &["articleurl", "pageurl", "threadurl", "videourl", "story", "submission", "threadname",
        "storyurl", "topicurl", "articlelink", "videolink", "asin", "productid", "pageid", "newsid",
        "discussiontitle", "submissiontitle", "threadlink", "videoweburl", "submittedvideourl"]),
    (Field::Thread, 70, &["questionid", "ticketid", "issueid", "bookid", "movieid", "hotelid", "placeid",
        "businessid", "appid", "listingid", "tid", "blogid"]),
    (Field::Thread, 60, &["postid", "posturl", "posttitle", "topic", "topictitle", "storytitle", "page",
        "pagetitle", "postlink", "facebookurl", "productname", "producttitle", "hotelname", "placename",
        "businessname", "chatid", "contentid", "issuenumber"]),
    (Field::Thread, 50, &["post", "inputurl"]),

    // A title is the thread itself if nothing else names it.
    (Field::ThreadTitle, 59, &["threadtitle", "articletitle", "videotitle", "articlename", "videoname",
        "threadname", "discussiontitle", "submissiontitle", "posttitle", "topictitle", "storytitle", "pagetitle",
        "producttitle", "productname", "issuetitle"]),

    (Field::CreatedAt, 99, &["createdat", "createdutc", "publishedat", "commentdategmt", "createdati",
        "dateunixtime", "createdatutc"]),
    (Field::CreatedAt, 97, &["dategmt", "commentcreatedat", "commentcreatetimestamp", "commentpublishedat",
        "tweetcreatedat", "createtime", "createtimestamp", "timestampcreated", "timeparsed", "publishedtimestamp"]),
    (Field::CreatedAt, 95, &["created", "commentdate", "postedat", "dateposted", "datecreated", "creationdate",
        "publishedon", "createdon", "postedon", "datepublished", "insertedat", "publishingdate",
        "unixreviewtime", "timestampms", "createtimeiso", "commentedat", "commentedon", "createdtimestamp",
        "createddate", "takenat", "takenattimestamp"]),
    (Field::CreatedAt, 90, &["timestamp", "datetime", "createdate", "createdtime", "commenttime", "publishdate",
        "reviewdate", "postcreated", "posteddate", "publishedtime", "publicationdate", "creationtime",
        "datetimeutc", "timestamputc", "commentdatetime", "reviewcreatedat", "tweetdate", "tweettime",
        "messagedate", "messagetime", "ctime", "livechatcreatetimestamp", "createdatetime", "publishedatutc",
        "postedatutc", "dateofreview", "dateofcomment", "dateofpost", "commentedtime", "submittedon",
        "timesubmitted"]),
    (Field::CreatedAt, 85, &["date", "published", "posted", "sentat", "submittedat", "unixtimestamp", "postdate",
        "dateutc", "pubdate", "datesent", "datesubmitted", "submissiondate", "submissiontime",
        "submitteddate", "recordeddate", "dateadded", "addedat", "addedon", "unixtime", "epochtime", "posttime",
        "commenttimestamp", "postedtime", "dateandtime",
        "revieweddate"]),
    (Field::CreatedAt, 75, &["time", "when", "at", "utc", "epoch", "ts", "reviewtime", "timets", "sent",
        "completedat", "timeutc", "localdate"]),
    (Field::CreatedAt, 50, &["enddate", "startdate"]),

    (Field::Link, 99, &["permalink", "commenturl", "commentlink", "commentpermalink"]),
    (Field::Link, 90, &["htmlurl", "permalinkurl", "tweeturl", "reviewurl", "messageurl", "tweetlink",
        "reviewlink", "messagelink"]),
    (Field::Link, 80, &["link", "url", "href", "weburl", "uri", "address"]),

    (Field::Section, 95, &["section", "sectionname", "category", "subreddit"]),
    (Field::Section, 80, &["categories", "subredditname"]),
    (Field::Section, 70, &["board", "forum", "channel", "categoryname", "community", "group", "boardname",
        "forumname", "groupname", "communityname", "channelname"]),
    (Field::Section, 60, &["newsdesk", "desk"]),

    (Field::Votes, 95, &["votes", "likes", "likecount", "likescount", "numlikes", "netvotes", "votecount",
        "thumbsupcount", "helpfulvotes", "diggcount", "commentlikecount", "commentlikescount", "commentlikes",
        "numberoflikes", "likedcount", "totalvotes"]),
    (Field::Votes, 90, &["votesup", "upvotescount", "upvotecount", "favouritescount", "favoritescount",
        "favouritecount", "netscore", "helpfulcount", "likenum", "likecounts", "likesnum", "nblikes", "numupvotes",
        "likeamount", "upvotedcount", "helpfulvotecount", "thumbsupvotes"]),
    (Field::Votes, 85, &["score", "points", "upvotes", "ups", "karma", "favorites", "favoritecount", "thumbsup",
        "favourites", "commentscore"]),
    (Field::Votes, 70, &["recommendations", "recommendcount", "reactions", "reactioncount", "hearts",
        "recommendationcount", "reactionscount", "commentkarma", "helpful", "voteup", "like"]),

    (Field::Replies, 95, &["replies", "replycount", "repliescount", "numreplies", "totalreplycount",
        "replycommenttotal", "subcommentcount", "numberofreplies", "totalreplies", "directreplycount", "rcount",
        "replynum", "numreply", "nbreplies"]),
    (Field::Replies, 75, &["numcomments", "commentcount", "commentscount", "responses", "childcount",
        "answercount", "responsecount"]),
    (Field::Replies, 60, &["comments", "descendants"]),

    (Field::Status, 95, &["status", "moderationstatus", "commentstatus", "commentapproved"]),
    (Field::Status, 85, &["deleted", "isdeleted", "removed", "isremoved", "approved", "isspam", "spam",
        "hidden", "dead", "isdead", "delete", "deletedat", "removedat"]),
    (Field::Status, 60, &["state", "isapproved", "ishidden", "commenttype"]),
];

/// Names in German, Spanish, French, Portuguese, Italian, Dutch and Polish, each language on lines
/// of its own, as [`bare`] leaves them. A name may stand for a field in several languages.
#[rustfmt::skip]
pub(super) const TRANSLATED: Names = &[
    (Field::Text, 92, &[
        "kommentar", "kommentare", "kommentartext", "kommentarinhalt", "nachrichtentext", "bewertungstext",
        "leserkommentar", "nutzerkommentar", "kommentarfeld", "freitext", "freitextantwort", "rezensionstext",
        "bemerkung", "bemerkungen", "anmerkung", "anmerkungen", "beitragsinhalt", "nachrichteninhalt",
        "textdeskommentars", "inhaltdeskommentars",
        "comentario", "comentarios", "texto", "textodelcomentario", "contenidodelcomentario",
        "textocomentario", "comentariotexto", "cuerpo", "cuerpodelcomentario", "textodelaresena",
        "textodelmensaje", "observaciones",
        "commentaire", "commentaires", "texte", "texteducommentaire", "contenuducommentaire",
        "textecommentaire", "contenucommentaire", "corpsducommentaire", "corpsdumessage", "texteavis",
        "textedelavis", "remarque", "remarques",
        "textodocomentario", "conteudodocomentario",
        "textodamensagem", "corpo", "corpodocomentario", "conteudocomentario", "observacao", "observacoes",
        "textodaavaliacao",
        "commento", "commenti", "testo", "testodelcommento", "contenutodelcommento",
        "testocommento", "contenutocommento", "corpodelcommento", "testorecensione", "testodellarecensione",
        "osservazioni",
        "reactie", "reacties", "reactietekst", "commentaar", "tekst", "opmerking", "opmerkingen",
        "berichttekst", "inhoudreactie", "inhoudvandereactie", "toelichting", "reviewtekst",
        "beoordelingstekst", "tekstreactie",
        "komentarz", "komentarze", "tresckomentarza", "tekstkomentarza", "tresc",
        "trescwpisu", "trescwiadomosci", "trescopinii", "tekstopinii", "trescpostu", "uwagi", "opiniatekst",
    ]),
    (Field::Text, 75, &[
        "nachricht", "inhalt", "beitrag", "beitragstext", "rezension", "meinung", "rueckmeldung", "ruckmeldung",
        "mensaje", "contenido", "resena", "opinion",
        "contenu", "avis",
        "mensagem", "conteudo", "opiniao",
        "messaggio", "contenuto", "recensione", "opinione",
        "bericht", "inhoud", "recensie", "mening",
        "wiadomosc", "wpis", "recenzja", "opinia",
    ]),
    (Field::Author, 92, &[
        "autor", "autorin", "verfasser", "verfasserin", "benutzername", "nutzername", "benutzer", "nutzer",
        "verfasstvon", "geschriebenvon", "erstelltvon", "autorenname", "autorname", "anzeigename",
        "namedesautors", "rezensent", "kommentarautor", "nutzerin", "benutzerin",
        "usuario", "nombredeusuario", "autora", "nombredelautor", "nombreusuario",
        "autordelcomentario", "publicadopor", "escritopor", "creadopor", "nombreautor", "nombredelusuario",
        "auteur", "auteure", "utilisateur", "nomdutilisateur", "nomdelauteur", "pseudo", "pseudonyme",
        "nomauteur", "auteurducommentaire", "ecritpar", "publiepar", "postepar", "nomutilisateur",
        "auteurcommentaire",
        "utilizador", "nomedeusuario", "nomedousuario", "nomedoautor", "nomedeutilizador",
        "autordocomentario", "criadopor", "nomeusuario", "nomeautor", "usuaria",
        "autore", "autrice", "utente", "nomeutente", "nomeautore",
        "autoredelcommento", "autorecommento", "scrittoda", "pubblicatoda", "nomedellautore",
        "gebruiker", "gebruikersnaam", "schrijver",
        "naamauteur", "geplaatstdoor", "geschrevendoor", "plaatser", "reageerder", "schermnaam", "weergavenaam",
        "uzytkownik", "nazwauzytkownika", "pseudonim", "komentujacy",
        "autorkomentarza", "autorwpisu", "dodanyprzez", "dodaneprzez", "napisanyprzez", "nazwaautora",
    ]),
    (Field::Author, 58, &[
        "absender", "kommentator", "konto", "profil",
        "nombre", "remitente", "perfil", "cuenta",
        "nom", "expediteur", "compte",
        "nome", "remetente", "conta",
        "mittente", "profilo",
        "naam", "afzender", "profiel",
        "imie", "nazwa", "nadawca",
    ]),
    (Field::Id, 90, &[
        "kommentarid", "kommentarnummer", "nachrichtenid",
        "beitragsnummer", "iddeskommentars",
        "idcomentario", "iddecomentario", "comentarioid", "iddelcomentario",
        "numerodecomentario", "comentarionumero",
        "idcommentaire", "identifiant", "identifiantducommentaire", "iddecommentaire", "commentaireid",
        "numerocommentaire", "numeroducommentaire",
        "idcomentario", "iddocomentario", "identificador",
        "idcommento", "identificativo", "commentoid",
        "iddelcommento", "numerocommento",
        "reactieid", "reactienummer",
        "berichtid", "idreactie",
        "idkomentarza", "identyfikator",
        "idwpisu", "numerkomentarza", "komentarzid",
    ]),
    (Field::Id, 60, &["nr", "lfdnr", "laufendenummer", "nummer", "numero", "numer", "lp", "n", "nº"]),
    (Field::Parent, 90, &[
        "antwortauf", "elternid", "elternkommentar", "elternkommentarid", "ubergeordneterkommentar",
        "antwortaufid", "antwortaufkommentar", "ubergeordneterbeitrag", "elternbeitrag",
        "uebergeordneterkommentar", "ubergeordnet", "ubergeordneteid", "inantwortauf",
        "respuestaa", "enrespuestaa", "comentariopadre", "idpadre", "padre", "idcomentariopadre",
        "respondea", "padreid", "comentariopadreid",
        "reponsea", "enreponsea", "commentaireparent", "idparent", "idducommentaireparent",
        "reponseau", "reponseaucommentaire", "parentcommentaire", "idcommentaireparent",
        "respostaa", "emrespostaa", "respostapara", "comentariopai", "idpai", "pai", "idcomentariopai",
        "respondendoa", "comentariopaiid",
        "inrispostaa", "rispostaa", "commentopadre", "idgenitore", "commentogenitore", "genitore",
        "rispondea", "commentopadreid",
        "antwoordop", "inantwoordop", "reactieop", "ouder", "ouderid", "bovenliggendereactie",
        "reactieopid", "antwoordopid", "bovenliggendid",
        "odpowiedzna", "wodpowiedzina", "komentarznadrzedny", "nadrzedny", "rodzic", "idrodzica",
        "odpowiedznakomentarz", "idkomentarzanadrzednego", "idnadrzednego",
    ]),
    (Field::Thread, 82, &[
        "artikel", "artikelid", "artikeltitel", "artikelurl", "thema", "themaid", "diskussion", "beitragsid",
        "artikelname", "seitentitel", "videotitel", "beitragstitel",
        "articulo", "idarticulo", "tema", "hilo", "idvideo", "publicacion", "conversacion", "noticia", "entrada",
        "tituloarticulo", "titulodelarticulo", "titulonoticia", "titulodelvideo", "titulovideo",
        "sujet", "fildediscussion", "idarticle", "titredelarticle", "articleid",
        "titrearticle", "titrevideo", "titredelavideo",
        "artigo", "idartigo", "topico", "publicacao", "conversa", "materia",
        "tituloartigo", "titulodoartigo", "titulodovideo",
        "articolo", "idarticolo", "discussione", "argomento", "conversazione", "titoloarticolo",
        "titolodellarticolo", "titolovideo", "titolodelvideo",
        "onderwerp", "discussie", "gesprek", "artikeltitel",
        "titelartikel", "artikelnaam",
        "artykul", "idartykulu", "temat", "watek", "dyskusja", "rozmowa", "tytulartykulu",
        "tytulfilmu", "idfilmu", "tytulwpisu",
    ]),
    (Field::CreatedAt, 88, &[
        "datum", "datumuhrzeit", "datumundzeit", "datumzeit", "datumunduhrzeit", "zeitpunkt", "zeitstempel",
        "kommentardatum", "datumdeskommentars", "bewertungsdatum", "veroffentlichungsdatum", "eingestelltam",
        "verfasstam", "abgegebenam", "erstelltum",
        "erstelltam", "erstellt", "veroffentlichtam", "veroffentlicht", "veroeffentlichtam", "geschriebenam",
        "gepostetam", "erstellungsdatum",
        "fecha", "fechayhora", "fechahora", "fechadecreacion", "fechadepublicacion", "creadoel", "creado",
        "fechacomentario", "fechapublicacion", "fechacreacion", "fechaenvio", "fechadeenvio", "fechadelmensaje",
        "escritoel",
        "publicadoel", "publicado", "fechadelcomentario",
        "dateheure", "dateetheure", "datedecreation", "datedepublication", "datedepublication", "creele",
        "datecommentaire", "datepublication", "datecreation", "postele", "ecritle", "dateenvoi", "datedelavis",
        "dateavis", "datedenvoi",
        "publiele", "publie", "horodatage", "dateducommentaire",
        "data", "dataehora", "datahora", "datadecriacao", "datadepublicacao", "criadoem", "publicadoem",
        "datacomentario", "datapublicacao", "datacriacao", "dataenvio", "datadeenvio", "datadoenvio",
        "postadoem", "enviadoem",
        "datadocomentario",
        "dataora", "dataeora", "datadicreazione", "datadipubblicazione", "datapubblicazione", "creatoil",
        "datadelcommento", "datainserimento", "datainvio", "datarecensione", "scrittoil", "inviatoil",
        "pubblicatoil", "datacommento", "datacreazione",
        "datumtijd", "datumentijd", "tijdstip", "aangemaaktop", "aangemaakt", "geplaatstop", "geplaatst",
        "datumreactie", "plaatsingsdatum", "publicatiedatum", "aanmaakdatum", "datumgeplaatst", "geschrevenop",
        "gepubliceerdop",
        "dataigodzina", "datautworzenia", "datapublikacji", "datadodania", "utworzono", "opublikowano", "dodano",
        "datakomentarza", "datadodaniakomentarza", "datawpisu", "dataiczas", "dataopinii", "czasdodania",
        "datapublikacjikomentarza",
    ]),
    (Field::CreatedAt, 72, &[
        "zeit", "uhrzeit",
        "hora",
        "heure",
        "momento",
        "ora",
        "tijd",
        "czas", "godzina",
    ]),
    (Field::Link, 78, &[
        "adresse", "verweis", "kommentarlink",
        "enlace", "direccion", "vinculo",
        "lien", "lienducommentaire",
        "endereco", "ligacao",
        "collegamento", "indirizzo",
        "koppeling", "adres",
        "odnosnik", "lacze",
    ]),
    (Field::Section, 80, &[
        "rubrik", "kategorie", "ressort", "bereich",
        "seccion", "categoria", "foro",
        "rubrique", "categorie",
        "secao", "editoria",
        "sezione", "rubrica",
        "rubriek", "sectie",
        "dzial", "kategoria", "sekcja",
    ]),
    (Field::Votes, 90, &[
        "gefalltmir", "gefaelltmir", "gefalltmirangaben", "stimmen", "anzahllikes", "zustimmungen", "punkte",
        "anzahlgefalltmir", "daumenhoch", "anzahlstimmen",
        "megusta", "megustas", "votos", "puntos", "numerodemegusta",
        "numerodelikes", "cantidaddelikes", "cantidaddemegusta",
        "jaime", "jaimes", "mentionsjaime", "nombredejaime", "nombredelikes",
        "nbjaime", "nombrejaime", "nbdejaime",
        "curtidas", "gostos", "pontos", "numerodecurtidas",
        "numcurtidas", "numerodegostos", "totaldecurtidas",
        "mipiace", "voti", "punti", "numerodimipiace",
        "numeromipiace", "numerodilike",
        "vindikleuk", "vindikleuks", "stemmen", "punten", "aantallikes",
        "aantalvindikleuks", "duimpjes", "aantalstemmen",
        "polubienia", "plusy", "liczbaplusow", "glosy", "punkty", "lajki", "liczbapolubien",
        "liczbaglosow", "liczbalajkow", "iloscpolubien",
    ]),
    (Field::Replies, 90, &[
        "antworten", "anzahlantworten", "antwortanzahl",
        "respuestas", "numeroderespuestas",
        "reponses", "nombredereponses",
        "respostas", "numeroderespostas",
        "risposte", "numerodirisposte",
        "antwoorden", "aantalantwoorden", "aantalreacties",
        "odpowiedzi", "liczbaodpowiedzi",
    ]),
    (Field::Status, 85, &[
        "geloscht", "geloescht", "entfernt", "gesperrt", "freigegeben", "zustand",
        "estado", "eliminado", "borrado", "aprobado",
        "statut", "etat", "supprime", "approuve",
        "situacao", "excluido", "removido", "apagado", "aprovado",
        "stato", "eliminato", "rimosso", "cancellato", "approvato",
        "verwijderd", "goedgekeurd",
        "usuniety", "usunieto", "zatwierdzony",
    ]),
];
