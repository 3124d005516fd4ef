-- Times are microseconds since 1970, UTC; scores are millionths; enums are words.

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE member (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    -- The name in lower case.
    name_key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
);

CREATE TABLE login (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES member (id),
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX login_user ON login (user_id);

CREATE TABLE login_failure (
    id INTEGER PRIMARY KEY,
    name_key TEXT NOT NULL,
    address TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX login_failure_at ON login_failure (at);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor INTEGER REFERENCES member (id),
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE TABLE saved_view (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES member (id),
    name TEXT NOT NULL,
    shared INTEGER NOT NULL,
    filter TEXT NOT NULL,
    UNIQUE (user_id, name)
);

CREATE TABLE source (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);

-- How far a run has been imported: the rows of its scores file that are in.
CREATE TABLE import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL REFERENCES source (id),
    checksum TEXT NOT NULL,
    done INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (source_id, checksum)
);

CREATE TABLE model (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    checksum TEXT NOT NULL,
    languages TEXT NOT NULL,
    UNIQUE (name, version, checksum)
);

CREATE TABLE thread (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL REFERENCES source (id),
    name TEXT NOT NULL,
    title TEXT,
    UNIQUE (source_id, name)
);

CREATE TABLE author (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL REFERENCES source (id),
    -- A keyed hash of the name in the export: the author is known again after the name is gone.
    name_hash BLOB NOT NULL,
    -- The name, or the pseudonym that replaced it; none once the author is forgotten.
    name TEXT,
    forgotten INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source_id, name_hash)
);

CREATE INDEX author_forgotten ON author (source_id) WHERE forgotten = 1;

CREATE TABLE comment (
    id INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES source (id),
    thread_id INTEGER NOT NULL REFERENCES thread (id),
    external_id TEXT NOT NULL,
    parent TEXT,
    parent_inferred INTEGER NOT NULL,
    author_id INTEGER REFERENCES author (id),
    -- A name that many people share; other names are in `author`.
    author_name TEXT,
    -- The largest number if it is unknown.
    posted INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    language TEXT,
    evasion INTEGER NOT NULL,
    unscored TEXT,
    toxicity INTEGER,
    severe_toxicity INTEGER,
    obscene INTEGER,
    threat INTEGER,
    insult INTEGER,
    identity_attack INTEGER,
    negative INTEGER,
    neutral INTEGER,
    positive INTEGER,
    model_id INTEGER NOT NULL REFERENCES model (id),
    votes INTEGER,
    replies INTEGER,
    text_sha256 BLOB NOT NULL,
    cautions TEXT NOT NULL,
    quotes TEXT NOT NULL,
    unsourced TEXT NOT NULL,
    section TEXT,
    link TEXT,
    -- None once it is deleted.
    body TEXT,
    UNIQUE (thread_id, external_id)
);
CREATE INDEX comment_thread ON comment (thread_id, posted, id);
CREATE INDEX comment_author ON comment (author_id, id) WHERE author_id IS NOT NULL;
CREATE INDEX comment_kept ON comment (added_at) WHERE body IS NOT NULL;

CREATE VIRTUAL TABLE comment_words USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE explanation (
    comment_id INTEGER PRIMARY KEY REFERENCES comment (id),
    label TEXT NOT NULL,
    partial INTEGER NOT NULL,
    read_as TEXT,
    sentences TEXT NOT NULL,
    words TEXT NOT NULL
);

CREATE TABLE policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    toml TEXT NOT NULL,
    state TEXT NOT NULL,
    user_id INTEGER REFERENCES member (id),
    created_at INTEGER NOT NULL,
    note TEXT NOT NULL,
    -- The last comment that it was applied to.
    applied_to INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE sample (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    drawn_at INTEGER NOT NULL,
    size INTEGER NOT NULL,
    population INTEGER NOT NULL
);

-- A comment that needs, or needed, a decision.
CREATE TABLE item (
    id INTEGER PRIMARY KEY REFERENCES comment (id),
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Grows with every change of queue, state or flag.
    revision INTEGER NOT NULL DEFAULT 1,
    -- The negated expected harm: ascending, the most urgent is first.
    rank REAL NOT NULL,
    posted INTEGER NOT NULL,
    -- The first item of its near-duplicates; `lead` marks the one that queues show.
    fold INTEGER NOT NULL,
    lead INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    author_id INTEGER,
    language TEXT,
    policy_id INTEGER REFERENCES policy (id),
    rule TEXT,
    label TEXT,
    action TEXT,
    score INTEGER,
    threshold INTEGER,
    claimed_by INTEGER REFERENCES member (id),
    claimed_until INTEGER,
    opened_at INTEGER NOT NULL,
    last_decision INTEGER,
    sample_id INTEGER REFERENCES sample (id),
    stratum INTEGER,
    stratum_size INTEGER
);
CREATE INDEX item_queue ON item (queue, state, lead, rank, posted, id);
CREATE INDEX item_rule ON item (queue, state, rule, lead, rank, posted, id);
CREATE INDEX item_thread ON item (thread_id, queue, state, lead, rank, posted, id);
CREATE INDEX item_author ON item (author_id, queue, state, lead, rank, posted, id);
CREATE INDEX item_fold ON item (fold, queue, state, rank, posted, id);
CREATE INDEX item_language ON item (language);
CREATE INDEX item_claim ON item (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX item_sample ON item (sample_id) WHERE sample_id IS NOT NULL;

-- The first item that has a band of the signature by which near-duplicates are found.
CREATE TABLE band (band INTEGER PRIMARY KEY, item_id INTEGER NOT NULL);

CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES member (id),
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    filter TEXT NOT NULL,
    size INTEGER NOT NULL,
    undone_at INTEGER
);

CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id INTEGER NOT NULL REFERENCES item (id),
    user_id INTEGER NOT NULL REFERENCES member (id),
    verdict TEXT NOT NULL,
    appeal TEXT,
    appeal_reason TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL,
    queue TEXT NOT NULL,
    policy TEXT,
    rule TEXT,
    label TEXT,
    score INTEGER,
    threshold INTEGER,
    model TEXT NOT NULL,
    text_sha256 BLOB NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    stratum INTEGER,
    stratum_size INTEGER,
    batch_id INTEGER REFERENCES batch (id),
    -- The item's revision after the decision, and its last decision before it.
    revision INTEGER NOT NULL,
    before INTEGER,
    undone_at INTEGER,
    undone_by INTEGER REFERENCES member (id)
);
CREATE INDEX decision_item ON decision (item_id, id);
CREATE INDEX decision_user ON decision (user_id, id);
CREATE INDEX decision_at ON decision (at);
CREATE INDEX decision_batch ON decision (batch_id, item_id) WHERE batch_id IS NOT NULL;

CREATE TABLE appeal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id INTEGER NOT NULL REFERENCES item (id),
    decision_id INTEGER NOT NULL REFERENCES decision (id),
    reason TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES member (id),
    opened_at INTEGER NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX appeal_item ON appeal (item_id);

CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    last_error TEXT,
    accepted_at INTEGER
);

-- Calls that wait to be sent.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    idempotency_key TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    failed_at INTEGER
);
CREATE INDEX outbox_next ON outbox (next_at) WHERE failed_at IS NULL;
CREATE INDEX outbox_webhook ON outbox (webhook_id);
