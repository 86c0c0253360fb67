// What lies in the data directory of the registry, for the README.

export const LAYOUT = {
  'control.sock': 'socket by which `fuchsbau registry …` talks to the running registry; not state',
  evaluation:
    'images, as OCI image layouts, when no upstream is configured; what is being uploaded in `_uploads`',
  'keys.json': 'private keys that sign tokens, mode 600; written whole',
  'registry.db':
    'people, robots, hashes of tokens, sessions, waiting logins of terminals, audit, when tags were pushed, events that wait for webhooks (SQLite); back it up with `sqlite3 registry.db ".backup FILE"`, also while the registry runs',
  'registry.db-shm': 'of SQLite while the registry runs',
  'registry.db-wal': 'what is committed and not yet in `registry.db`: belongs to it',
  'registry.lock': 'who has the database open',
  'seal.key':
    'key, mode 600, by which the refresh tokens of the identity provider are sealed in the database; without it nobody can be asked about until she logs in again',
  'token-key.pem': 'public key that the upstream verifies tokens with (Zot: `auth.bearer.cert`)',
} as const
