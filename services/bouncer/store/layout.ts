// What lies in the data directory of the bouncer, for the README.

export const LAYOUT = {
  'bouncer.db':
    'everything: users, networks, history, search index (SQLite); back it up with `sqlite3 bouncer.db ".backup FILE"`, also while the bouncer runs',
  'bouncer.db-shm': 'of SQLite while the bouncer runs',
  'bouncer.db-wal': 'what is committed and not yet in `bouncer.db`: belongs to it',
  'bouncer.lock': 'who has the database open',
  'certificate.key': 'key of the certificate that was made here, mode 600',
  'certificate.pem': 'that certificate; clients know it by its fingerprint',
  'control.sock': 'socket by which `fuchsbau bouncer …` talks to the running bouncer; not state',
  uploads: 'uploaded files, under random names',
} as const
