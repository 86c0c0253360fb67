import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { checkDatabase } from './database.ts'
import { addNetwork, line, NOON, testStore } from './store.fixture.ts'

/** The search index of version 1, as it was left behind by one that had come to the end. */
const VERSION_1 = `
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
INSERT INTO search (rowid, words) SELECT id, 't1 1xfox' FROM messages;
INSERT OR REPLACE INTO properties VALUES ('indexed', '3000'), ('tidied', '3000');
PRAGMA user_version = 1;
`

test('a database of version 1 is searched as before: its index is made anew behind the commits', () => {
  const { store, directory } = testStore()
  const { id, userId } = addNetwork(store)
  for (let n = 0; n < 3000; n++) {
    store.messages.append(line(id, `fox number ${n}`, { time: NOON + n }))
  }
  store.close()
  const database = new Database(join(directory, 'bouncer.db'))
  database.exec(VERSION_1)
  database.close()
  const opened = testStore(directory)
  expect(opened.store.sizes().indexLag).toBe(3000)
  opened.clock.advance(10_000)
  expect(opened.store.sizes().indexLag).toBeLessThan(1024)
  const found = opened.store.search.find({ userId, text: 'number fox 7', limit: 10 })
  expect(found.messages.map(({ text }) => text)).toEqual(['fox number 7'])
  expect(opened.store.removal.trim({ networkId: id }, { rows: 2900 })).toBe(100)
  expect(opened.store.search.find({ userId, text: '99', limit: 1 }).messages).toEqual([])
  opened.store.close()
  expect(checkDatabase(directory)).toEqual([])
})
