//! The store on SQLite and, if `COMITY_TEST_POSTGRES` names a server, on PostgreSQL.

#![cfg(test)] // clippy's `allow-unwrap-in-tests` requires this for helper functions

mod common;

use std::collections::HashMap;
use std::time::Duration;

use comity_core::label::Label;
use comity_core::policy::Policy;
use comity_core::record::decision::{ModeratorDecision, Verdict};
use comity_core::record::{Explanation, Part, Scored};
use comity_review::store::{
    AppealInput, BulkOutcome, ClaimOutcome, CommentId, DecideOutcome, DecisionInput, Filter, Page, Queue,
    Range, Role, State, Store, StoreError, User,
};
use common::{databases, import, model, scored, write_run};

const LEASE: Duration = Duration::from_secs(600);

async fn user(store: &Store, name: &str) -> User {
    store.create_user(name, Role::Moderator, None).await.unwrap()
}

/// Returns a decision about an item as it is now.
async fn input(store: &Store, item: CommentId, user: &User, verdict: Verdict) -> DecisionInput {
    let seen_revision = store.item(item, 0).await.unwrap().unwrap().revision;
    DecisionInput {
        item,
        user: user.id,
        verdict,
        rule: None,
        reason: String::new(),
        note: String::new(),
        seen_revision,
        second_opinion: false,
    }
}

async fn decide(store: &Store, item: CommentId, user: &User, verdict: Verdict) -> DecideOutcome {
    let input = input(store, item, user, verdict).await;
    store.decide(&input).await.unwrap()
}

fn done(outcome: &DecideOutcome) -> i64 {
    match outcome {
        DecideOutcome::Done { decision, .. } => *decision,
        other => panic!("{other:?}"),
    }
}

async fn open_ids(store: &Store, filter: &Filter) -> Vec<CommentId> {
    let page = store.queue(filter, Page { after: None, size: 200 }).await.unwrap();
    page.rows.iter().map(|row| row.comment.id).collect()
}

fn in_queue(queue: Queue) -> Filter {
    Filter { queue, ..Filter::default() }
}

/// Returns texts that have no words in common.
fn text(number: usize) -> String {
    let word = |place: usize| {
        // Rows of one letter would be read as one.
        let letter = |bit: usize| if (number >> bit) & 1 == 1 { "ka" } else { "lo" };
        format!("{}{}", char::from(b'a' + place as u8), (0..10).map(letter).collect::<String>())
    };
    (1..8).map(word).collect::<Vec<_>>().join(" ")
}

fn rows(count: usize) -> Vec<Scored> {
    let row = |n: usize| {
        let toxicity = if n.is_multiple_of(2) { 0.5 + n as f64 / (2.0 * count as f64) } else { 0.01 };
        scored(&format!("t{}", n % 3), &n.to_string(), &format!("author {}", n % 5), &text(n), toxicity)
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn an_import_is_idempotent_and_ranked() {
    for database in databases().await {
        let store = &database.store;
        let rows = rows(100);
        let folder = tempfile::tempdir().unwrap();
        let explanation = Explanation {
            thread: "t2".to_owned(),
            id: "98".to_owned(),
            label: Label::Toxicity,
            score: 0.99,
            partial: false,
            read_as: Some("as read".to_owned()),
            sentences: vec![Part { start: 0, end: 6, score: 0.9 }],
            words: vec![Part { start: 0, end: 3, score: 0.5 }],
        };
        write_run(folder.path(), &rows, std::slice::from_ref(&explanation));
        let mut read = 0;
        let imported = store.import_run(folder.path(), "site", &mut |count| read = count).await.unwrap();
        assert_eq!((imported.comments, imported.added, imported.opened, read), (100, 100, 50, 100));
        let again = store.import_run(folder.path(), "site", &mut |_| {}).await.unwrap();
        assert_eq!((again.source, again.comments, again.added, again.opened), (imported.source, 100, 0, 0));

        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = store.queue(&Filter::default(), Page { after, size: 7 }).await.unwrap();
            assert_eq!(page.total, 50, "{}", database.name);
            found.extend(
                page.rows.iter().map(|row| (row.comment.external_id.clone(), row.flag.clone().unwrap())),
            );
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(found.len(), 50);
        assert_eq!(found[0].0, "98");
        assert!(found.windows(2).all(|pair| pair[0].1.harm >= pair[1].1.harm));
        let flag = &found[0].1;
        assert_eq!(
            (flag.rule.as_str(), flag.label, flag.policy.as_str()),
            ("very-toxic", Label::Toxicity, "default")
        );
        assert!((flag.margin() - 0.09).abs() < 1e-9, "{flag:?}");

        let id = open_ids(store, &Filter::default()).await[0];
        let item = store.item(id, 2).await.unwrap().unwrap();
        assert_eq!(item.comment.text.as_deref(), Some(text(98).as_str()));
        assert_eq!(item.comment.scores.unwrap().get(Label::Toxicity), Some(0.99));
        assert_eq!(
            (item.queue, item.revision, item.comment.state),
            (Some(Queue::Review), 1, Some(State::Open))
        );
        let explained = item.explained.unwrap();
        assert_eq!((explained.words, explained.read_as.as_deref()), (explanation.words, Some("as read")));
        assert_eq!((item.thread.total, item.thread.comments.len()), (33, 3));
        assert_eq!(item.thread.before, 30);
        let author = item.author.unwrap();
        assert_eq!((author.comments, author.flagged.hits, author.author.name.as_str()), (20, 10, "author 3"));

        // A filter on every condition.
        let filter = Filter {
            rule: Some("toxic".to_owned()),
            label: Some(Label::Toxicity),
            min_score: Some(0.6),
            max_score: Some(0.7),
            thread: Some(item.comment.thread.id),
            language: Some("en".to_owned()),
            source: Some(imported.source),
            ..Filter::default()
        };
        assert_eq!(open_ids(store, &filter).await.len(), 4, "{}", database.name);
        assert_eq!(store.languages().await.unwrap(), ["en"]);
        assert_eq!(store.sources().await.unwrap(), [(imported.source, "site".to_owned())]);
    }
}

#[tokio::test]
async fn a_later_run_replaces_scores_and_keeps_decisions() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "ana").await;
        let first = [
            scored("t", "1", "a", "one fine text here", 0.8),
            scored("t", "2", "a", "two other words there", 0.8),
            scored("t", "3", "a", "three more of them now", 0.8),
        ];
        import(store, "site", &first).await;
        let ids = open_ids(store, &Filter::default()).await;
        for id in &ids[..2] {
            done(&decide(store, *id, &ana, Verdict::Approve).await);
        }
        let later = [
            scored("t", "1", "a", "one fine text here", 0.95),
            scored("t", "2", "a", "two altogether different words", 0.8),
            scored("t", "3", "a", "three more of them now", 0.1),
            scored("t", "4", "a", "four is new today", 0.1),
        ];
        let imported = import(store, "site", &later).await;
        assert_eq!((imported.comments, imported.added, imported.opened), (4, 4, 1));
        let state = async |id: CommentId| {
            let item = store.item(id, 0).await.unwrap().unwrap();
            (item.comment.state.unwrap(), item.comment.scores.unwrap().get(Label::Toxicity).unwrap())
        };
        assert_eq!(state(ids[0]).await, (State::Decided, 0.95), "the text is the same");
        assert_eq!(state(ids[1]).await, (State::Open, 0.8), "another text is to be decided about");
        assert_eq!(state(ids[2]).await, (State::Dropped, 0.1), "nothing flags it");
        let found = store.search("altogether", &Filter::default(), None, 10).await.unwrap();
        assert_eq!(found.hits.len(), 1);
        assert!(store.search("other", &Filter::default(), None, 10).await.unwrap().hits.is_empty());
    }
}

#[tokio::test]
async fn near_duplicates_fold_into_the_most_urgent() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "ana").await;
        let spam = "you are all a pack of liars and thieves and should go home at once";
        import(
            store,
            "site",
            &[
                scored("t", "1", "a", spam, 0.7),
                scored("t", "2", "b", &format!("{spam} now"), 0.9),
                scored("t", "3", "c", "a text about something else, rude as it may be", 0.8),
                scored("t", "4", "d", &spam.to_uppercase(), 0.6),
            ],
        )
        .await;
        let page = store.queue(&Filter::default(), Page::default()).await.unwrap();
        let shown: Vec<(&str, u64)> =
            page.rows.iter().map(|row| (row.comment.external_id.as_str(), row.repeats)).collect();
        assert_eq!((shown, page.total), (vec![("2", 2), ("3", 0)], 4), "{}", database.name);
        let first = page.rows[0].comment.id;
        let all = Filter { repeats_of: Some(first), ..Filter::default() };
        assert_eq!(open_ids(store, &all).await.len(), 3);

        // A decision is about one of them; the next takes its place.
        let decision = done(&decide(store, first, &ana, Verdict::Reject).await);
        let page = store.queue(&Filter::default(), Page::default()).await.unwrap();
        let shown: Vec<(&str, u64)> =
            page.rows.iter().map(|row| (row.comment.external_id.as_str(), row.repeats)).collect();
        assert_eq!(shown, [("3", 0), ("1", 1)]);
        store.undo(decision, ana.id).await.unwrap();
        assert_eq!(open_ids(store, &Filter::default()).await[0], first);
        assert_eq!(open_ids(store, &Filter::default()).await.len(), 2);

        // A comment that comes later folds, too.
        import(store, "other", &[scored("t", "5", "e", &format!("well {spam}"), 0.65)]).await;
        assert_eq!(open_ids(store, &Filter::default()).await.len(), 2);
        assert_eq!(open_ids(store, &all).await.len(), 4);
    }
}

#[tokio::test]
async fn nobody_decides_twice_unknowingly() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "ana").await, user(store, "ben").await);
        import(store, "site", &rows(20)).await;
        let item = store.claim_next(ana.id, &Filter::default(), LEASE).await.unwrap().unwrap();
        let id = item.comment.id;
        assert_eq!(item.claim.as_ref().unwrap().name, "ana");
        let same = store.claim_next(ana.id, &Filter::default(), LEASE).await.unwrap().unwrap();
        assert_eq!(same.comment.id, id, "a claim comes back");
        let other = store.claim_next(ben.id, &Filter::default(), LEASE).await.unwrap().unwrap();
        assert_ne!(other.comment.id, id);
        assert!(
            matches!(store.claim(id, ben.id, LEASE).await.unwrap(), ClaimOutcome::ClaimedBy(by) if by.user == ana.id)
        );
        assert!(
            matches!(decide(store, id, &ben, Verdict::Reject).await, DecideOutcome::ClaimedBy(by) if by.name == "ana")
        );
        assert!(!store.release(id, ben.id).await.unwrap());

        // A lease that is over frees the item.
        store.claim(id, ana.id, Duration::ZERO).await.unwrap();
        assert!(matches!(store.claim(id, ben.id, LEASE).await.unwrap(), ClaimOutcome::Claimed(_)));
        let seen = input(store, id, &ana, Verdict::Approve).await;
        done(&decide(store, id, &ben, Verdict::Reject).await);
        match store.decide(&seen).await.unwrap() {
            DecideOutcome::AlreadyDecided(by) => {
                assert_eq!((by.name.as_str(), by.verdict), ("ben", Verdict::Reject));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(store.claim(id, ana.id, LEASE).await.unwrap(), ClaimOutcome::NotOpen);
        assert_eq!(store.item(id, 0).await.unwrap().unwrap().decisions.len(), 1);

        // Undone behind someone's back, it has changed.
        let decision = store.last_decisions(ben.id, 1).await.unwrap()[0].id;
        let undone = store.undo(decision, ana.id).await.unwrap();
        assert_eq!((undone.undone, undone.kept), (1, 0));
        assert_eq!(store.decide(&seen).await.unwrap(), DecideOutcome::Changed);
        let again = store.undo(decision, ana.id).await.unwrap();
        assert_eq!((again.undone, again.kept), (0, 1));
        let view = store.item(id, 0).await.unwrap().unwrap();
        assert_eq!(view.comment.state, Some(State::Open));
        assert_eq!(view.decisions[0].undone.as_ref().unwrap().0, "ana");
        assert!(matches!(store.undo(12_345, ana.id).await, Err(StoreError::Missing("decision", 12_345))));
        assert_eq!(store.release_all(ben.id).await.unwrap(), 1, "the other claim");
    }
}

#[tokio::test]
async fn many_moderators_decide_every_item_once() {
    for database in databases().await {
        let store = &database.store;
        import(store, "site", &rows(400)).await;
        let mut tasks = Vec::new();
        for number in 0..6 {
            let store = store.clone();
            let user = user(&store, &format!("moderator {number}")).await;
            tasks.push(tokio::spawn(async move {
                let mut decided = 0;
                while let Some(item) = store.claim_next(user.id, &Filter::default(), LEASE).await.unwrap() {
                    let verdict = if number % 2 == 0 { Verdict::Approve } else { Verdict::Reject };
                    let input = DecisionInput {
                        item: item.comment.id,
                        user: user.id,
                        verdict,
                        rule: None,
                        reason: String::new(),
                        note: String::new(),
                        seen_revision: item.revision,
                        second_opinion: false,
                    };
                    done(&store.decide(&input).await.unwrap());
                    decided += 1;
                }
                decided
            }));
        }
        let mut total = 0;
        for task in tasks {
            total += task.await.unwrap();
        }
        assert_eq!(total, 200, "{}", database.name);
        let mut log = Vec::new();
        assert_eq!(store.export_log(None, &mut log).await.unwrap(), 200);
        let mut times: HashMap<String, u32> = HashMap::new();
        for row in csv::Reader::from_reader(&log[..]).records() {
            *times.entry(row.unwrap()[1].to_owned()).or_default() += 1;
        }
        assert!(times.len() == 200 && times.values().all(|times| *times == 1));
    }
}

#[tokio::test]
async fn second_opinions_escalations_and_appeals() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben, lea) = (user(store, "ana").await, user(store, "ben").await, user(store, "lea").await);
        import(store, "site", &rows(20)).await;
        let ids = open_ids(store, &Filter::default()).await;

        let asked =
            DecisionInput { second_opinion: true, ..input(store, ids[0], &ana, Verdict::Reject).await };
        let outcome = store.decide(&asked).await.unwrap();
        assert!(
            matches!(outcome, DecideOutcome::Done { moved_to: Some(Queue::SecondOpinion), .. }),
            "{outcome:?}"
        );
        let second = in_queue(Queue::SecondOpinion);
        assert!(store.claim_next(ana.id, &second, LEASE).await.unwrap().is_none(), "not the first one's");
        assert_eq!(decide(store, ids[0], &ana, Verdict::Reject).await, DecideOutcome::OwnDecision);
        let outcome = decide(store, ids[0], &ben, Verdict::Approve).await;
        assert!(
            matches!(outcome, DecideOutcome::Done { moved_to: Some(Queue::Escalation), .. }),
            "{outcome:?}"
        );
        done(&decide(store, ids[0], &lea, Verdict::Approve).await);

        let outcome = decide(store, ids[1], &ana, Verdict::Defer).await;
        assert!(
            matches!(outcome, DecideOutcome::Done { moved_to: Some(Queue::Deferred), .. }),
            "{outcome:?}"
        );
        done(&decide(store, ids[1], &ana, Verdict::Escalate).await);
        assert_eq!(open_ids(store, &in_queue(Queue::Escalation)).await, [ids[1]]);

        done(&decide(store, ids[2], &ana, Verdict::Reject).await);
        let appeal = AppealInput { item: ids[2], user: lea.id, reason: "it was a quotation".to_owned() };
        assert!(store.appeal(&appeal).await.unwrap());
        assert!(!store.appeal(&appeal).await.unwrap(), "one at a time");
        assert_eq!(decide(store, ids[2], &ana, Verdict::Reject).await, DecideOutcome::OwnDecision);
        done(&decide(store, ids[2], &ben, Verdict::Approve).await);

        let insight = store.insight(&Range::default(), 0.9).await.unwrap();
        let [appeals] = &insight.appeals[..] else { panic!("{:?}", insight.appeals) };
        assert_eq!((appeals.open, appeals.overturned.hits, appeals.overturned.trials), (0, 1, 1));
        let [pair] = &insight.agreement.iter().filter(|pair| pair.names.1 == "ben").collect::<Vec<_>>()[..]
        else {
            panic!("{:?}", insight.agreement)
        };
        assert_eq!((pair.agreed.hits, pair.agreed.trials), (0, 1));
        assert_eq!(insight.days.len(), 1);
        let day = insight.days[0];
        assert_eq!((day.approved, day.rejected, day.deferred, day.escalated), (2, 3, 1, 1));
        let load = insight.moderators.iter().find(|load| load.name == "ana").unwrap();
        assert_eq!((load.decisions, load.overturned.hits), (4, 1));
        // The last decision counts, and an overturned rejection is an approval.
        let rules: Vec<(&str, u64, u64)> = insight
            .rules
            .iter()
            .map(|rule| (rule.rule.as_str(), rule.precision.hits, rule.precision.trials))
            .collect();
        assert_eq!(rules, [("toxic", 0, 1), ("very-toxic", 0, 1)]);

        let mut log = Vec::new();
        store.export_log(None, &mut log).await.unwrap();
        let mut csv = csv::Reader::from_reader(&log[..]);
        let header = csv.headers().unwrap().clone();
        let decisions: Vec<ModeratorDecision> = csv
            .records()
            .map(|record| {
                let record = record.unwrap();
                let cell =
                    |name| Ok(header.iter().position(|column| column == name).and_then(|at| record.get(at)));
                ModeratorDecision::from_cells(cell).unwrap()
            })
            .collect();
        assert_eq!(decisions.len(), 7);
        let last = decisions.last().unwrap();
        assert_eq!((last.verdict, last.appeal.unwrap().as_str()), (Some(Verdict::Reject), "overturn"));
        assert_eq!(last.actor, "ben");
        assert!(decisions.iter().all(|decision| decision.score.is_some() && decision.text_sha256.is_some()));
    }
}

#[tokio::test]
async fn bulk_actions_have_a_preview_and_undo() {
    for database in databases().await {
        let store = &database.store;
        let (ana, ben) = (user(store, "ana").await, user(store, "ben").await);
        import(store, "site", &rows(100)).await;
        let filter = Filter { min_score: Some(0.9), ..Filter::default() };
        let preview = store.preview_bulk(&filter, ana.id).await.unwrap();
        assert_eq!(
            (preview.count, preview.claimed, preview.rules.clone()),
            (10, 0, vec![("very-toxic".to_owned(), 10)])
        );
        assert_eq!(preview.scores, Some((0.9, 0.99)));
        assert_eq!(preview.examples.len(), 10);
        store.claim_next(ben.id, &filter, LEASE).await.unwrap().unwrap();
        let preview = store.preview_bulk(&filter, ana.id).await.unwrap();
        assert_eq!((preview.count, preview.claimed), (9, 1));
        let bulk = async |expected| {
            store.bulk(&filter, Verdict::Reject, "rude", "", expected, ana.id).await.unwrap()
        };
        assert_eq!(bulk(10).await, BulkOutcome::Changed { count: 9 });
        assert_eq!(open_ids(store, &Filter::default()).await.len(), 50, "nothing was recorded");
        let BulkOutcome::Done { batch, count } = bulk(9).await else { panic!() };
        assert_eq!(count, 9);
        assert_eq!(open_ids(store, &Filter::default()).await.len(), 41);
        let one = store.last_decisions(ana.id, 1).await.unwrap().remove(0);
        assert_eq!((one.batch, one.reason.as_str(), one.verdict), (Some(batch), "rude", Verdict::Reject));
        store.appeal(&AppealInput { item: one.item, user: ben.id, reason: String::new() }).await.unwrap();
        let undone = store.undo_bulk(batch, ben.id).await.unwrap();
        assert_eq!((undone.undone, undone.kept), (8, 1), "the one with an appeal stays");
        assert_eq!(open_ids(store, &Filter::default()).await.len(), 49);
        let mut log = Vec::new();
        assert_eq!(store.export_log(None, &mut log).await.unwrap(), 1);
        assert_eq!(store.preview_bulk(&in_queue(Queue::Appeal), ana.id).await.unwrap().count, 0);
    }
}

#[tokio::test]
async fn hostile_comments_are_stored_and_found() {
    for database in databases().await {
        let store = &database.store;
        let long = format!("needle {}", "word".repeat(25_000));
        let mut hostile = scored("t\0hread", "i\0d", "N\0ame", "zero \0 byte haystack", 0.9);
        hostile.comment.section = Some("sec\0tion, with \"commas\"\nand lines".to_owned());
        hostile.comment.thread_title = Some("ti\0tle".to_owned());
        hostile.comment.link = Some("javascript:alert(1)\0".to_owned());
        let zalgo = format!("ca{} caf\u{e9} \u{202e}txet lanoitceridib", "\u{301}".repeat(200));
        let rows = [
            hostile,
            scored(&"x".repeat(5_000), &"y".repeat(5_000), "b", &long, 0.9),
            scored("t", "'; DROP TABLE item; --", "'; DROP TABLE member; --", "' OR 1=1 -- quoted", 0.9),
            scored("t", "z", "c", &zalgo, 0.9),
            scored("t", "e", "", "", 0.9),
        ];
        assert_eq!(import(store, "site\n'", &rows).await.added, 5, "{}", database.name);
        assert_eq!(import(store, "site\n'", &rows).await.added, 0);
        let find =
            async |text: &str| store.search(text, &Filter::default(), None, 10).await.unwrap().hits.len();
        for (text, hits) in [
            ("haystack", 1),
            ("HAY*", 1),
            ("\"byte haystack\"", 1),
            ("\"haystack byte\"", 0),
            ("needle", 1),
            ("' OR 1=1 --", 1),
            ("AND OR NOT ( ) : * ^ \"", 0),
            ("", 5),
        ] {
            assert_eq!(find(text).await, hits, "{}: {text}", database.name);
        }
        let hits = store.search("haystack", &Filter::default(), None, 10).await.unwrap().hits;
        assert_eq!(hits[0].comment.text.as_deref(), Some("zero   byte haystack"));
        let what_if = store.what_if(&Policy::built_in()).await.unwrap();
        assert_eq!((what_if.scored, what_if.flagged), (5, 5));
        for id in open_ids(store, &Filter::default()).await {
            assert!(store.item(id, 3).await.unwrap().is_some());
        }
        let page =
            store.search("", &Filter { min_score: Some(0.5), ..Filter::default() }, None, 2).await.unwrap();
        assert_eq!(page.hits.len(), 2);
        let rest = store.search("", &Filter::default(), page.next, 10).await.unwrap();
        assert_eq!((rest.hits.len(), rest.next), (3, None));
    }
}

#[tokio::test]
async fn policies_are_published_compared_and_rolled_back() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "ana").await;
        import(store, "site", &rows(100)).await;
        let ids = open_ids(store, &Filter::default()).await;
        done(&decide(store, ids[0], &ana, Verdict::Reject).await);
        let revision = store.item(ids[1], 0).await.unwrap().unwrap().revision;
        let strict = "name = \"strict\"\n[[rule]]\nname = \"very-toxic\"\nlabel = \"toxicity\"\nthreshold = 0.9\n\
                      action = \"reject\"\n[[rule]]\nname = \"clean\"\nlabel = \"toxicity\"\nthreshold = 0.005\naction = \"review\"\n\
                      [[rule.at]]\nthread = \"t0\"\nthreshold = 0.6\n";
        let policy = Policy::parse(strict).unwrap();
        let what_if = store.what_if(&policy).await.unwrap();
        // Every other comment has a score of 0.01, and a third of all are in `t0`.
        assert_eq!((what_if.scored, what_if.added, what_if.removed), (100, 33, 4), "{}", database.name);
        assert_eq!(what_if.flagged, 79);
        assert_eq!((what_if.rules[0].flagged, what_if.rules[0].deciding), (10, 10));
        assert_eq!((what_if.rules[0].decided.hits, what_if.rules[0].decided.trials), (1, 1));
        assert!((what_if.rules[0].expected_precision.unwrap() - 0.945).abs() < 1e-9);
        assert!((what_if.hours - 79.0 * 30.0 / 3600.0).abs() < 1e-9);

        store.shadow_policy(Some(strict), ana.id).await.unwrap();
        let report = store.shadow_report().await.unwrap().unwrap();
        assert_eq!((report.shadow_figures.flagged, report.published_figures.flagged), (79, 50));
        store.shadow_policy(None, ana.id).await.unwrap();
        assert!(store.shadow_report().await.unwrap().is_none());

        let id = store.publish_policy(strict, "try it", Some(ana.id)).await.unwrap();
        let filter = Filter::default();
        assert_eq!(store.queue(&filter, Page::default()).await.unwrap().total, 78, "one is decided");
        assert_eq!(store.item(ids[1], 0).await.unwrap().unwrap().revision, revision, "the same flag");
        assert_eq!(store.published_policy().await.unwrap().id, id);
        assert!(store.publish_policy("name = 1", "", None).await.is_err());
        let first = store.policies().await.unwrap().last().unwrap().id;
        store.rollback_policy(first, ana.id).await.unwrap();
        assert_eq!(store.queue(&filter, Page::default()).await.unwrap().total, 49);
        assert_eq!(store.published_policy().await.unwrap().policy, Policy::built_in());
        let log = store.audit_log(Some("policy."), None, 10).await.unwrap();
        assert_eq!(log.entries.iter().filter(|entry| entry.action == "policy.publish").count(), 2);
        assert_eq!(log.entries.last().unwrap().actor_name, "ana");
    }
}

#[tokio::test]
async fn blind_samples_estimate_recall() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "ana").await;
        import(store, "site", &rows(100)).await;
        let sample = store.blind_sample(10, 7, Some(ana.id)).await.unwrap().unwrap();
        assert_eq!((sample.size, sample.from, sample.judged), (10, 50, 0));
        let filter = in_queue(Queue::Sample);
        let ids = open_ids(store, &filter).await;
        assert_eq!(ids.len(), 10);
        for (index, id) in ids.iter().enumerate() {
            let verdict = if index == 0 { Verdict::Reject } else { Verdict::Approve };
            done(&decide(store, *id, &ana, verdict).await);
        }
        for id in open_ids(store, &Filter::default()).await {
            done(&decide(store, id, &ana, Verdict::Reject).await);
        }
        let figures = store.insight(&Range::default(), 0.9).await.unwrap().recall;
        let [figures] = &figures[..] else { panic!("{figures:?}") };
        assert_eq!((figures.broken.hits, figures.broken.trials), (1, 10));
        // 50 of 50 flagged are right, and 1 in 10 of 50 others was missed.
        let estimate = figures.estimate.unwrap();
        assert!((estimate.recall - 50.0 / 55.0).abs() < 1e-9, "{estimate:?}");
        assert_eq!(store.samples().await.unwrap()[0].judged, 10);
        let next = store.blind_sample(100, 7, None).await.unwrap().unwrap();
        assert_eq!(next.size, 40, "none is drawn twice");
        assert!(store.blind_sample(1, 7, None).await.unwrap().is_none());

        assert!(store.draw_due_sample().await.unwrap().is_none());
        store.schedule_samples(Some((7, 20)), ana.id).await.unwrap();
        assert_eq!(store.sample_schedule().await.unwrap(), Some((7, 20)));
        assert!(store.draw_due_sample().await.unwrap().is_none(), "not yet due");
    }
}

#[tokio::test]
async fn texts_and_people_are_forgotten_for_good() {
    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "ana").await;
        let rows = rows(30);
        import(store, "site", &rows).await;
        let ids = open_ids(store, &Filter::default()).await;
        let item = store.item(ids[0], 0).await.unwrap().unwrap();
        let author = item.comment.author.clone().unwrap();
        let word = item.comment.text.as_deref().unwrap().split(' ').next().unwrap().to_owned();
        assert_eq!(store.search(&word, &Filter::default(), None, 50).await.unwrap().hits.len(), 1);

        let name = store.pseudonymize_author(author.id, ana.id).await.unwrap();
        import(store, "site", &[self::rows(31).pop().unwrap()]).await;
        assert_eq!(store.author(author.id).await.unwrap().unwrap().author.name, name);

        assert_eq!(store.forget_author(author.id, ana.id).await.unwrap(), 6);
        assert!(store.author(author.id).await.unwrap().is_none());
        let item = store.item(ids[0], 0).await.unwrap().unwrap();
        assert_eq!((item.comment.text, item.comment.author, item.comment.author_name), (None, None, None));
        assert!(store.search(&word, &Filter::default(), None, 50).await.unwrap().hits.is_empty());
        // The same comments, with other votes, so that they are written again.
        let mut again = rows.clone();
        for row in &mut again {
            row.comment.votes = Some(5);
        }
        import(store, "site", &again).await;
        let item = store.item(ids[0], 0).await.unwrap().unwrap();
        assert_eq!((item.comment.text, item.comment.author_name, item.comment.votes), (None, None, Some(5)));
        assert!(matches!(
            store.forget_author(9_999, ana.id).await,
            Err(StoreError::Missing("author", 9_999))
        ));

        let kept = store.search("", &Filter::default(), None, 100).await.unwrap();
        let with_text = |page: &comity_review::store::SearchPage| {
            page.hits.iter().filter(|hit| hit.comment.text.is_some()).count()
        };
        assert_eq!(with_text(&kept), 25);
        assert_eq!(store.delete_old_texts().await.unwrap(), 0, "nothing is set");
        store.set_retention(Some(0), ana.id).await.unwrap();
        assert_eq!(store.retention().await.unwrap(), Some(0));
        let open = open_ids(store, &Filter::default()).await.len();
        assert!(store.delete_old_texts().await.unwrap() > 0);
        let kept = store.search("", &Filter::default(), None, 100).await.unwrap();
        assert!(with_text(&kept) <= open, "open ones stay");
        let log = store.audit_log(None, None, 50).await.unwrap();
        let actions: Vec<&str> = log.entries.iter().map(|entry| entry.action.as_str()).collect();
        for action in ["author.forget", "author.pseudonymize", "retention.set", "retention.delete"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
        assert!(log.entries.iter().all(|entry| !entry.detail.contains(&author.name)));
    }
}

#[tokio::test]
async fn people_log_in_and_out() {
    for database in databases().await {
        let store = &database.store;
        assert!(!store.has_logins().await.unwrap());
        let local = store.local_user().await.unwrap();
        assert_eq!((store.local_user().await.unwrap().id, local.role), (local.id, Role::Admin));
        let ana = store.create_user("Ana", Role::Lead, Some("hash")).await.unwrap();
        assert!(store.has_logins().await.unwrap());
        assert!(matches!(store.create_user("ANA", Role::Lead, None).await, Err(StoreError::NameTaken(_))));
        assert_eq!(store.user_by_name("aNA ").await.unwrap(), Some(ana.clone()));

        let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let session = store.create_session(ana.id, b"one", later).await.unwrap();
        assert_eq!(store.session(b"one").await.unwrap().unwrap().1.id, ana.id);
        assert!(store.session(b"two").await.unwrap().is_none());
        assert!(store.rotate_session(session.id, b"one", b"two", later).await.unwrap());
        assert!(!store.rotate_session(session.id, b"one", b"three", later).await.unwrap());
        assert!(store.session(b"one").await.unwrap().is_none());
        store.set_role(ana.id, Role::Moderator).await.unwrap();
        assert_eq!(store.session(b"two").await.unwrap().unwrap().1.role, Role::Moderator);
        let past = jiff::Timestamp::UNIX_EPOCH;
        store.create_session(ana.id, b"old", past).await.unwrap();
        assert!(store.session(b"old").await.unwrap().is_none());
        assert_eq!(store.sessions(ana.id).await.unwrap().len(), 1);
        store.set_disabled(ana.id, true).await.unwrap();
        assert!(store.session(b"two").await.unwrap().is_none());
        assert!(!store.has_logins().await.unwrap());

        for (name, address) in [("ana", "1.1.1.1"), ("ana", "2.2.2.2"), ("ben", "1.1.1.1")] {
            store.note_login_failure(name, address).await.unwrap();
        }
        let failures = store.login_failures("Ana", "1.1.1.1", past).await.unwrap();
        assert_eq!((failures.by_name, failures.by_address, failures.by_both), (2, 2, 1));
        store.clear_login_failures("ANA").await.unwrap();
        assert_eq!(store.login_failures("ana", "1.1.1.1", past).await.unwrap().by_both, 0);

        let secret = store.secret("csrf").await.unwrap();
        assert_eq!(store.secret("csrf").await.unwrap(), secret);
        assert_ne!(store.secret("other").await.unwrap(), secret);
        assert_eq!(Store::open(&database.url).await.unwrap().secret("csrf").await.unwrap(), secret);

        let filter = Filter { rule: Some("toxic".to_owned()), ..Filter::default() };
        let view = store.save_view(ana.id, "mine", false, &filter).await.unwrap();
        assert_eq!(store.save_view(ana.id, "mine", true, &filter).await.unwrap(), view);
        assert_eq!(store.saved_views(local.id).await.unwrap()[0].filter, filter);
        assert!(!store.delete_view(local.id, view).await.unwrap());
        assert!(store.delete_view(ana.id, view).await.unwrap());
    }
}

#[tokio::test]
async fn comments_of_a_server_are_added_once() {
    for database in databases().await {
        let store = &database.store;
        let one = scored("story", "", "a", "you utter fool", 0.95);
        let id = store.add("coral", one.clone(), &model(), None).await.unwrap();
        assert_eq!(store.add("coral", one, &model(), None).await.unwrap(), id, "sent twice");
        let other =
            store.add("coral", scored("story", "7", "a", "hello", 0.01), &model(), None).await.unwrap();
        assert_ne!(other, id);
        assert_eq!(open_ids(store, &Filter::default()).await, [id]);
        let user = user(store, "ana").await;
        assert!(store.flag(other, Queue::Escalation, user.id).await.unwrap());
        assert!(!store.flag(other, Queue::Escalation, user.id).await.unwrap());
        assert_eq!(open_ids(store, &in_queue(Queue::Escalation)).await, [other]);
        let sizes = store.queue_sizes().await.unwrap();
        assert!(sizes.contains(&(Queue::Review, 1)) && sizes.contains(&(Queue::Escalation, 1)));
    }
}

/// A call that the test's site received.
#[derive(Clone, Debug)]
struct Received {
    key: String,
    time: String,
    signature: String,
    body: String,
}

#[tokio::test]
async fn webhooks_are_called_until_they_accept() {
    use std::sync::atomic::{AtomicU16, Ordering};
    use std::sync::{Arc, Mutex};

    use axum::http::{HeaderMap, StatusCode};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};

    let calls: Arc<Mutex<Vec<Received>>> = Arc::default();
    let status = Arc::new(AtomicU16::new(500));
    let handler = {
        let (calls, status) = (calls.clone(), status.clone());
        move |headers: HeaderMap, body: String| async move {
            let header = |name: &str| headers[name].to_str().unwrap().to_owned();
            assert_eq!(header("idempotency-key"), header("webhook-id"));
            let (key, time) = (header("webhook-id"), header("webhook-timestamp"));
            calls.lock().unwrap().push(Received { key, time, signature: header("webhook-signature"), body });
            StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap()
        }
    };
    let site = axum::Router::new().route("/hook", axum::routing::post(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });

    for database in databases().await {
        let store = &database.store;
        let ana = user(store, "ana").await;
        import(store, "site", &rows(40)).await;
        let ids = open_ids(store, &Filter::default()).await;
        done(&decide(store, ids[0], &ana, Verdict::Reject).await);
        assert!(matches!(store.add_webhook("ftp://x", b"s", ana.id).await, Err(StoreError::Webhook(_))));
        let hook = store.add_webhook(&url, b"secret", ana.id).await.unwrap();
        status.store(500, Ordering::SeqCst);
        calls.lock().unwrap().clear();
        let decision = done(&decide(store, ids[1], &ana, Verdict::Reject).await);

        let sent = store.send_calls().await.unwrap();
        assert_eq!(
            (sent.accepted, sent.refused),
            (0, 1),
            "{}: the first decision was before it",
            database.name
        );
        let webhook = store.webhooks().await.unwrap().remove(0);
        assert_eq!((webhook.waiting, webhook.failed), (1, 0));
        assert_eq!(webhook.last_error.as_deref(), Some("the site answered 500"));
        let sent = store.send_calls().await.unwrap();
        assert_eq!((sent.accepted, sent.refused), (0, 0), "not at once");
        status.store(204, Ordering::SeqCst);
        store.enable_webhook(hook, false, ana.id).await.unwrap();
        store.undo(decision, ana.id).await.unwrap();
        store.enable_webhook(hook, true, ana.id).await.unwrap();
        assert_eq!(store.send_calls().await.unwrap().accepted, 1, "nothing is announced while it is off");
        store.undo(done(&decide(store, ids[1], &ana, Verdict::Approve).await), ana.id).await.unwrap();
        assert_eq!(store.send_calls().await.unwrap().accepted, 2);
        let webhook = store.webhooks().await.unwrap().remove(0);
        assert_eq!((webhook.waiting, webhook.last_error, webhook.accepted_at.is_some()), (0, None, true));

        let received = calls.lock().unwrap().clone();
        let keys: Vec<&str> = received.iter().map(|call| call.key.as_str()).collect();
        let next = decision + 1;
        let (first, second) = (format!("decision-{decision}"), format!("decision-{next}"));
        assert_eq!(keys, [&first, &first, &second, &format!("undo-{next}")]);
        for call in &received {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"secret").unwrap();
            mac.update(format!("{}.{}.{}", call.key, call.time, call.body).as_bytes());
            let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
            assert_eq!(call.signature, expected);
        }
        let body: serde_json::Value = serde_json::from_str(&received[0].body).unwrap();
        assert_eq!(
            (&body["event"], &body["decision"], &body["final"]),
            (&"decision".into(), &"reject".into(), &true.into())
        );
        assert_eq!(
            (&body["source"], &body["rule"], &body["actor"]),
            (&"site".into(), &"very-toxic".into(), &"ana".into())
        );
        assert!(!received[0].body.contains(&text(36)), "no text leaves");
        let revision = |call: &Received| {
            serde_json::from_str::<serde_json::Value>(&call.body).unwrap()["revision"].as_i64().unwrap()
        };
        assert!(revision(&received[2]) < revision(&received[3]));

        let filter = Filter { min_score: Some(0.6), ..Filter::default() };
        let count = store.preview_bulk(&filter, ana.id).await.unwrap().count;
        assert!(count > 5);
        let BulkOutcome::Done { batch, .. } =
            store.bulk(&filter, Verdict::Reject, "", "", count, ana.id).await.unwrap()
        else {
            panic!()
        };
        store.undo_bulk(batch, ana.id).await.unwrap();
        assert_eq!(store.send_calls().await.unwrap().accepted, 2 * count);
        store.delete_webhook(hook, ana.id).await.unwrap();
        assert!(store.webhooks().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_interrupted_import_continues() {
    for database in databases().await {
        let store = &database.store;
        // More than two transactions' comments; the import is dropped after the first.
        let many: Vec<Scored> = (0..5_000)
            .map(|n| scored("t", &n.to_string(), "a", &text(n % 1_000), if n % 100 == 0 { 0.9 } else { 0.1 }))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        write_run(folder.path(), &many, &[]);
        let (send, mut seen) = tokio::sync::mpsc::unbounded_channel();
        let importing = {
            let (store, path) = (store.clone(), folder.path().to_owned());
            tokio::spawn(async move {
                store.import_run(&path, "site", &mut |done| send.send(done).unwrap()).await
            })
        };
        let first = seen.recv().await.unwrap();
        importing.abort();
        let _ = importing.await;
        assert!(first < 5_000);
        let imported = store.import_run(folder.path(), "site", &mut |_| {}).await.unwrap();
        assert_eq!(imported.comments, 5_000);
        assert!(imported.added <= 5_000 - first, "{}: {imported:?} after {first}", database.name);
        let filter = Filter { rule: Some("very-toxic".to_owned()), ..Filter::default() };
        let found = store.search("", &filter, None, 200).await.unwrap();
        assert_eq!(found.hits.len(), 50);
        // Another folder without a run.
        let empty = tempfile::tempdir().unwrap();
        let error = store.import_run(empty.path(), "site", &mut |_| {}).await.unwrap_err();
        assert!(error.to_string().contains("comity score"), "{error}");
    }
}

#[tokio::test]
async fn a_database_is_opened_again() {
    for database in databases().await {
        import(&database.store, "site", &rows(20)).await;
        let again = Store::open(&database.url).await.unwrap();
        assert_eq!(open_ids(&again, &Filter::default()).await.len(), 10);
        assert_eq!(again.policies().await.unwrap().len(), 1, "the built-in policy is published once");
    }
    assert!(
        matches!(Store::open("mysql://u:secret@h/d").await, Err(StoreError::Address(url)) if !url.contains("secret"))
    );
    assert!(matches!(Store::open("sqlite:///nowhere/at/all.db").await, Err(StoreError::Open(_))));
    let memory = Store::open("sqlite::memory:").await.unwrap();
    import(&memory, "site", &rows(20)).await;
    assert_eq!(open_ids(&memory, &Filter::default()).await.len(), 10);
}
