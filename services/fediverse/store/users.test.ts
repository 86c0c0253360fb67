import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fsck } from './fsck.ts'
import { NOON, post, testStore } from './store.fixture.ts'
import { isUserName, type User, type UserKeys } from './users.ts'

const user = (name: string): User => ({
  name,
  displayName: name,
  bio: '',
  fields: [],
  alsoKnownAs: [],
  pinned: [],
  isLocked: false,
  isDiscoverable: true,
  isBot: false,
  language: 'en',
  createdAt: NOON,
})

const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const

function keys(): UserKeys {
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding,
    privateKeyEncoding,
  })
  const ed25519 = generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding })
  return {
    rsaPrivate: rsa.privateKey,
    rsaPublic: rsa.publicKey,
    ed25519Private: ed25519.privateKey,
    ed25519Public: ed25519.publicKey,
  }
}

function openTest() {
  const tree = testStore()
  const store = tree.open()
  onTestFinished(() => store.close())
  return { tree, store }
}

test('private keys are below keys/ only, and for their owner only', async () => {
  const { tree, store } = openTest()
  const pair = keys()
  store.users.writeKeys('you', pair)
  const { ops } = store.queue.enqueue('you', { id: 'x' }, [{ inbox: 'https://a.example/i' }], NOON)
  await store.commit([store.users.put(user('you')), store.objects.put(post(1)), ...ops])
  expect(store.users.keys('you')).toEqual(pair)
  await fsck(store, { repair: true })
  await store.close()
  expect(statSync(join(tree.directory, 'keys')).mode & 0o777).toBe(0o700)
  expect(statSync(join(tree.directory, 'keys/you.json')).mode & 0o777).toBe(0o600)
  const secrets = [pair.rsaPrivate, pair.ed25519Private].map((pem) => pem.split('\n')[1] ?? '')
  const holders = readdirSync(tree.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const text = readFileSync(file, 'latin1')
      return text.includes('PRIVATE KEY') || secrets.some((secret) => text.includes(secret))
    })
  expect(holders).toEqual([join(tree.directory, 'keys/you.json')])
})

test('names are listed in order, and a new one appears at once', async () => {
  const { store } = openTest()
  expect(store.users.names()).toEqual([])
  await store.commit([store.users.put(user('you')), store.users.put(user('eve'))])
  expect(store.users.names()).toEqual(['eve', 'you'])
  await store.commit([store.users.put(user('adam'))])
  expect(store.users.names()).toEqual(['adam', 'eve', 'you'])
})

test('names compare exactly', async () => {
  const { store } = openTest()
  await store.commit([store.users.put(user('you'))])
  expect(store.users.get('you')?.name).toBe('you')
  for (const name of ['You', 'yоu', 'you ', '../users/you', 'you.json', '']) {
    expect(store.users.get(name), name).toBeUndefined()
  }
  expect(store.users.keys('nobody')).toBeUndefined()
})

test.each([
  ['a', true],
  ['you_2', true],
  ['a-b', true],
  ['x'.repeat(30), true],
  ['x'.repeat(31), false],
  ['-a', false],
  ['a-', false],
  ['A', false],
  ['a.b', false],
  ['a/b', false],
  ['', false],
  ['a\n', false],
])('%j is a user name: %s', (name, isName) => {
  expect(isUserName(name)).toBe(isName)
})
