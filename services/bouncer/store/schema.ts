// The tables, as SQL. Changed by new steps in migrations.ts only.

/** Who may log in, and what she has configured. Names compare without case (ASCII). */
const PEOPLE = `
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password TEXT NOT NULL,
  is_admin INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  nick TEXT NOT NULL,
  realname TEXT NOT NULL,
  bind_address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  subject TEXT NOT NULL
);
CREATE UNIQUE INDEX users_by_subject ON users (subject) WHERE subject <> '';
CREATE TABLE app_passwords (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  label TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scram TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  last_used_from TEXT
);
CREATE INDEX app_passwords_by_user ON app_passwords (user_id);
CREATE TABLE scram_verifiers (
  user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  scram TEXT NOT NULL
);
CREATE TABLE fingerprints (
  fingerprint TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX fingerprints_by_user ON fingerprints (user_id);
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  address TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  account TEXT NOT NULL,
  address TEXT NOT NULL,
  method TEXT NOT NULL,
  client TEXT NOT NULL,
  outcome TEXT NOT NULL
);
CREATE TABLE uploads (
  name TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  file_name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_by_user ON uploads (user_id, created_at);
`

const NETWORKS = `
CREATE TABLE networks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  name TEXT NOT NULL COLLATE NOCASE,
  is_enabled INTEGER NOT NULL,
  host TEXT NOT NULL,
  port INTEGER NOT NULL,
  transport TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  socks TEXT NOT NULL,
  server_password TEXT NOT NULL,
  nick TEXT NOT NULL,
  alternate_nicks TEXT NOT NULL,
  username TEXT NOT NULL,
  realname TEXT NOT NULL,
  sasl_mechanism TEXT NOT NULL,
  sasl_user TEXT NOT NULL,
  sasl_password TEXT NOT NULL,
  certificate TEXT NOT NULL,
  private_key TEXT NOT NULL,
  nickserv_password TEXT NOT NULL,
  connect_commands TEXT NOT NULL,
  encoding TEXT NOT NULL,
  is_auto_away INTEGER NOT NULL,
  casemapping TEXT NOT NULL,
  UNIQUE (user_id, name)
);
CREATE TABLE channels (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  network_id INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  is_detached INTEGER NOT NULL,
  reattach_on TEXT NOT NULL,
  relay_detached TEXT NOT NULL,
  detach_after_ms INTEGER NOT NULL,
  UNIQUE (network_id, name)
);
CREATE TABLE receipts (
  network_id INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  client TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network_id, client)
) WITHOUT ROWID;
CREATE TABLE markers (
  network_id INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  folded TEXT NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (network_id, folded)
) WITHOUT ROWID;
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  network_id INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  endpoint TEXT NOT NULL,
  p256dh TEXT NOT NULL,
  auth TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (network_id, endpoint)
);
CREATE INDEX subscriptions_by_user ON subscriptions (user_id);
CREATE TABLE sts_policies (
  host TEXT PRIMARY KEY COLLATE NOCASE,
  port INTEGER NOT NULL,
  until INTEGER NOT NULL,
  is_preload INTEGER NOT NULL
) WITHOUT ROWID;
`

/**
 * The history. Messages have no foreign keys: on the hot path they would cost a look-up each. A target whose network is
 * gone, or that was deleted, has no network any more: nothing finds it, and its messages are swept away in batches.
 * `row_count` and `byte_count` of a target are those of its messages, for retention.
 */
const HISTORY = `
CREATE TABLE targets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  network_id INTEGER REFERENCES networks ON DELETE SET NULL,
  folded TEXT NOT NULL,
  name TEXT NOT NULL,
  row_count INTEGER NOT NULL DEFAULT 0,
  byte_count INTEGER NOT NULL DEFAULT 0,
  UNIQUE (network_id, folded)
);
CREATE TABLE sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  network_id INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  source TEXT NOT NULL,
  UNIQUE (network_id, source)
);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  network_id INTEGER NOT NULL,
  target_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  time INTEGER NOT NULL,
  -- 4 * position of the kind + 2 if redacted + 1 if own
  flags INTEGER NOT NULL,
  text TEXT NOT NULL,
  tags TEXT,
  -- see msgids.ts
  msgid BLOB
);
CREATE TABLE msgid_prefixes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  network_id INTEGER NOT NULL REFERENCES networks ON DELETE CASCADE,
  prefix TEXT NOT NULL,
  UNIQUE (network_id, prefix)
);
CREATE INDEX messages_by_time ON messages (target_id, time);
CREATE INDEX messages_by_network ON messages (network_id);
CREATE UNIQUE INDEX messages_by_msgid ON messages (target_id, msgid) WHERE msgid IS NOT NULL;
-- The words are made by words.ts, separated by spaces.
CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
`

/** Small things by name: the keys of web push, how far the search index has come. */
const REST = `
CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trial (id INTEGER PRIMARY KEY, bytes BLOB);
`

/**
 * Version 2: without the number of words of each line, which only ranking needs and which took 1.25 MB for 100,000 lines.
 * Such a table cannot delete by row number: search-index.ts tells it the words again.
 */
export const SEARCH = `
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
);
`

/** Version 1. */
export const TABLES = PEOPLE + NETWORKS + HISTORY + REST
