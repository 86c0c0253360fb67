// The tables, as SQL, and the database that has them. Changed by new steps only.
import type { Schema } from '@fuchsbau/shared/database/open.ts'

const TABLES = `
CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  issuer TEXT NOT NULL,
  sub TEXT NOT NULL,
  groups TEXT NOT NULL,
  is_owner INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  is_gone INTEGER NOT NULL,
  password TEXT NOT NULL,
  refresh_token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  checked_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX people_by_identity ON people (issuer, sub) WHERE sub <> '';
CREATE TABLE robots (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  about TEXT NOT NULL,
  is_enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
);
CREATE TABLE access_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id INTEGER REFERENCES people ON DELETE CASCADE,
  robot_id INTEGER REFERENCES robots ON DELETE CASCADE,
  label TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  limits TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  last_used_at INTEGER,
  last_used_from TEXT,
  CHECK ((person_id IS NULL) <> (robot_id IS NULL))
);
CREATE INDEX access_tokens_by_person ON access_tokens (person_id);
CREATE INDEX access_tokens_by_robot ON access_tokens (robot_id);
CREATE TABLE refresh_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  person_id INTEGER REFERENCES people ON DELETE CASCADE,
  robot_id INTEGER REFERENCES robots ON DELETE CASCADE,
  access_token_id INTEGER REFERENCES access_tokens ON DELETE CASCADE,
  client TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX refresh_tokens_by_person ON refresh_tokens (person_id);
CREATE INDEX refresh_tokens_by_robot ON refresh_tokens (robot_id);
CREATE INDEX refresh_tokens_by_access_token ON refresh_tokens (access_token_id);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  person_id INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  address TEXT NOT NULL,
  id_token TEXT NOT NULL,
  sid TEXT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  who TEXT NOT NULL,
  credential TEXT NOT NULL,
  repository TEXT NOT NULL,
  reference TEXT NOT NULL,
  digest TEXT NOT NULL,
  address TEXT NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_who ON audit (who, id);
CREATE INDEX audit_by_repository ON audit (repository, id);
CREATE TABLE trial (id INTEGER PRIMARY KEY, bytes BLOB);
`

/** Events for webhooks wait in the order of their numbers; an outsider finds no secret here. */
const WEBHOOKS = `
CREATE TABLE webhook_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hook TEXT NOT NULL,
  event TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  failures INTEGER NOT NULL
);
CREATE INDEX webhook_events_by_hook ON webhook_events (hook, id);
CREATE TABLE webhook_states (
  hook TEXT PRIMARY KEY,
  succeeded_at INTEGER,
  failed_at INTEGER,
  error TEXT NOT NULL
) WITHOUT ROWID;
`

/** Logins from terminals, and tokens that were exchanged for ID tokens. */
const MACHINES = `
CREATE TABLE device_logins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device_hash TEXT NOT NULL UNIQUE,
  user_hash TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  limits TEXT NOT NULL,
  lifetime_ms INTEGER NOT NULL,
  address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decision TEXT NOT NULL,
  person_id INTEGER REFERENCES people ON DELETE CASCADE
);
CREATE INDEX device_logins_by_person ON device_logins (person_id);
ALTER TABLE access_tokens ADD COLUMN exchange_entry TEXT;
ALTER TABLE access_tokens ADD COLUMN id_token TEXT;
CREATE INDEX access_tokens_by_id_token ON access_tokens (id_token) WHERE id_token IS NOT NULL;
`

/** Each filter of the audit finds its lines in the order of their times. Pulls are most lines: they cost no index of events. */
const AUDIT_FILTERS = `
DROP INDEX audit_by_who;
DROP INDEX audit_by_repository;
CREATE INDEX audit_by_who ON audit (who, at);
CREATE INDEX audit_by_repository ON audit (repository, at) WHERE repository <> '';
CREATE INDEX audit_by_address ON audit (address, at);
CREATE INDEX audit_by_event ON audit (event, at) WHERE event <> 'pull';
CREATE INDEX audit_refused ON audit (at) WHERE outcome <> 'ok';
`

/** Known from the audit, as far back as it goes. */
const LAST_LOGIN = `
ALTER TABLE people ADD COLUMN last_login_at INTEGER;
UPDATE people SET last_login_at =
  (SELECT max(at) FROM audit WHERE who = 'person:' || name AND event = 'login' AND outcome = 'ok');
`

/** When tags were pushed, for the pages; begins with what the audit knows. */
const PUSHES = `
CREATE TABLE pushes (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  digest TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (repository, tag)
) WITHOUT ROWID;
CREATE INDEX pushes_by_time ON pushes (repository, at);
INSERT INTO pushes
  SELECT repository, reference, digest, max(at) FROM audit
  WHERE event = 'push' AND outcome = 'ok' AND reference NOT LIKE '%:%'
    AND reference NOT LIKE 'sha256-%' AND reference <> ''
  GROUP BY repository, reference;
`

export const SCHEMA: Schema = {
  name: 'registry',
  /** `FuRe`. */
  applicationId: 0x46755265,
  steps: [TABLES, WEBHOOKS, MACHINES, AUDIT_FILTERS, LAST_LOGIN, PUSHES].map(
    (sql) => (database) => database.exec(sql),
  ),
  pragmas: ['cache_size = -8192'],
}
