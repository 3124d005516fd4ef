-- A comment that was flagged and decided about, in the first schema.
INSERT INTO setting (name, value) VALUES ('retention.days', '30');
INSERT INTO member (name, name_key, role, created_at) VALUES ('Ana', 'ana', 'lead', 1700000000000000);
INSERT INTO source (name) VALUES ('site');
INSERT INTO model (name, version, checksum, languages) VALUES ('english', '6', '00', 'en');
INSERT INTO thread (source_id, name, title) VALUES (1, 't', 'A title');
INSERT INTO comment (
    id, source_id, thread_id, external_id, parent_inferred, author_name, posted, added_at, status, language, evasion,
    toxicity, model_id, text_sha256, cautions, quotes, unsourced, body
) VALUES (
    1, 1, 1, 'c1', 0, 'Anonymous', 1700000000000000, 1700000000000000, 'live', 'en', 0, 900000, 1,
    CAST('00000000000000000000000000000000' AS BYTES), 'short', '', '', 'you fool'
);
INSERT INTO policy (name, toml, state, created_at, note, applied_to) VALUES (
    'old', 'name = "old"
[[rule]]
name = "rude"
label = "toxicity"
threshold = 0.8
action = "review"
', 'published', 1700000000000000, '', 9223372036854775807
);
INSERT INTO item (
    id, queue, state, revision, rank, posted, fold, lead, source_id, thread_id, language, policy_id, rule, label, action,
    score, threshold, opened_at, last_decision
) VALUES (
    1, 'review', 'decided', 2, -0.9, 1700000000000000, 1, 0, 1, 1, 'en', 1, 'rude', 'toxicity', 'review', 900000, 800000,
    1700000000000000, 1
);
INSERT INTO decision (
    item_id, user_id, verdict, at, queue, policy, rule, label, score, threshold, model, text_sha256, reason, note, revision
) VALUES (
    1, 1, 'reject', 1700000000000000, 'review', 'old', 'rude', 'toxicity', 900000, 800000, 'english 6',
    CAST('00000000000000000000000000000000' AS BYTES), 'insult', '', 2
)
