// What administrators and people change, and what is refused to them, in words.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { person } from '../../../test/support/registry-process.ts'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import type { PersonRecord } from '../store/records.ts'
import { openStore, type Store } from '../store/store.ts'
import { isSecret } from '../token/secret.ts'
import { isLiving, makeAccessToken, revokeAccessToken, tokensOf } from './access-tokens.ts'
import { enablePerson, removePerson } from './people.ts'
import { enableRobot, makeRobot, removeRobot } from './robots.ts'
import { welcome } from './welcome.ts'

const DAY_MS = 86_400_000
const clock = settableClock(1_000 * DAY_MS)
let store: Store

beforeEach(() => {
  const directory = makeTempData('manage')
  store = openStore({ directory, clock, log: silentLog() })
  onTestFinished(() => {
    store.close()
    removeTempData(directory)
  })
})

function addPerson(name: string, more: Partial<PersonRecord> = {}): PersonRecord {
  const added = store.people.add({ ...person(name), ...more })
  if (!added) throw new Error(`there is a ${name} already`)
  return added
}

const reasonOf = (outcome: { ok: boolean; reason?: string }) => outcome.reason ?? 'done'

describe('an access token', () => {
  const good = { label: 'ci', repositories: ['a/**'], actions: ['pull'], lifetimeMs: DAY_MS }
  const make = (personId: number, more: Partial<typeof good> = {}) =>
    makeAccessToken({ store, clock, maxAgeMs: 30 * DAY_MS }, { personId }, { ...good, ...more })

  test('is shown once, and only its hash is kept', () => {
    const { id } = addPerson('ann')
    const made = make(id, {
      label: ' ci ',
      repositories: [' a/** ', ''],
      actions: ['push', 'pull'],
    })
    if (!made.ok) throw new Error(made.reason)
    expect(isSecret('fbr', made.value.secret)).toBe(true)
    const [record] = tokensOf(store, { personId: id })
    expect(record).toEqual(made.value.record)
    expect(JSON.stringify(record)).not.toContain(made.value.secret)
    expect(record).toMatchObject({
      label: 'ci',
      limits: [{ repositories: ['a/**'], actions: ['pull', 'push'] }],
      expiresAt: clock.now() + DAY_MS,
    })
  })

  test.each<[string, Partial<typeof good>, string]>([
    ['no name', { label: '  ' }, 'Give the token a name'],
    ['a long name', { label: 'x'.repeat(61) }, 'Give the token a name'],
    ['a name that moves the cursor', { label: 'x\u001b[2J' }, 'Give the token a name'],
    ['a name that turns the line around', { label: 'x\u202e' }, 'Give the token a name'],
    ['no repository', { repositories: [' '] }, 'Say for which repositories'],
    ['too many patterns', { repositories: Array<string>(51).fill('a') }, 'Say for which'],
    ['a bad pattern', { repositories: ['a b'] }, '"a b" is no pattern'],
    ['a placeholder', { repositories: ['$' + '{username}/**'] }, 'Placeholders are for the policy'],
    ['no action', { actions: [] }, 'Say what the token is for'],
    ['an unknown action', { actions: ['admin'] }, '"admin" is none of'],
    ['no time', { lifetimeMs: 0 }, 'A token lasts 30 days at most'],
    ['a time that is none', { lifetimeMs: Number.NaN }, 'A token lasts 30 days at most'],
    ['more time than is allowed', { lifetimeMs: 30 * DAY_MS + 1 }, 'A token lasts 30 days at most'],
  ])('with %s is refused', (_, more, reason) => {
    const { id } = addPerson('ann')
    expect(reasonOf(make(id, more))).toContain(reason)
    expect(tokensOf(store, { personId: id })).toEqual([])
  })

  test('is one of 100; those that are over do not count', () => {
    const { id } = addPerson('ann')
    for (let count = 0; count < 100; count += 1) expect(make(id).ok).toBe(true)
    expect(reasonOf(make(id))).toContain('There are 100 tokens already')
    const [one] = tokensOf(store, { personId: id })
    expect(revokeAccessToken({ store, clock }, one?.id ?? 0).ok).toBe(true)
    expect(make(id).ok).toBe(true)
  })

  test('is revoked once, and at once', () => {
    const { id } = addPerson('ann')
    const made = make(id)
    if (!made.ok) throw new Error(made.reason)
    const { record } = made.value
    expect(isLiving(record, clock.now())).toBe(true)
    expect(isLiving(record, record.expiresAt)).toBe(false)
    expect(revokeAccessToken({ store, clock }, record.id).ok).toBe(true)
    expect(reasonOf(revokeAccessToken({ store, clock }, record.id))).toContain('revoked already')
    expect(reasonOf(revokeAccessToken({ store, clock }, Number.NaN))).toContain('no such token')
    expect(store.accessTokens.list().some((token) => isLiving(token, clock.now()))).toBe(false)
  })
})

describe('a person', () => {
  test('who is the last owner can be neither disabled nor deleted', () => {
    addPerson('you', { isOwner: true })
    expect(reasonOf(enablePerson(store, 'you', false))).toBe('you is the only owner.')
    expect(reasonOf(removePerson(store, 'you'))).toBe('you is an owner.')
    addPerson('me', { isOwner: true })
    expect(enablePerson(store, 'YOU', false).ok).toBe(true)
    expect(reasonOf(enablePerson(store, 'me', false))).toBe('me is the only owner.')
  })

  test('who is disabled has no sessions any more; who is deleted nothing', () => {
    const { id } = addPerson('ann')
    const session = { personId: id, createdAt: 0, usedAt: 0, address: '', idToken: '', sid: '' }
    store.sessions.add({ ...session, hash: 'a' })
    expect(enablePerson(store, 'ann', false).ok).toBe(true)
    expect(store.sessions.ofPerson(id)).toEqual([])
    store.sessions.add({ ...session, hash: 'b' })
    expect(removePerson(store, 'ann').ok).toBe(true)
    expect(store.sessions.byHash('b')).toBeUndefined()
    expect(reasonOf(enablePerson(store, 'ann', true))).toBe('There is nobody called ann.')
    expect(reasonOf(removePerson(store, 'ann'))).toBe('There is nobody called ann.')
  })
})

describe('a robot', () => {
  const make = (name: string, about = '') =>
    makeRobot({ store, clock }, { name, about, by: 'operator' })

  test.each(['', 'A', 'a b', '-a', 'a-', 'a/b', 'a:b', '..', 'a'.repeat(41), 'ä', 'a\n'])(
    'is not called “%s”',
    (name) => {
      expect(reasonOf(make(name))).toContain('A robot is called by')
    },
  )

  test('has a name that nobody else has', () => {
    addPerson('ann')
    expect(reasonOf(make('ann'))).toBe('There is a person called ann.')
    expect(make('ci', 'x'.repeat(300)).ok).toBe(true)
    expect(store.robots.named('ci')?.about).toHaveLength(200)
    expect(reasonOf(make('ci'))).toBe('There is a robot called ci.')
  })

  test('is disabled, enabled and deleted with its tokens', () => {
    make('ci')
    const robotId = store.robots.named('ci')?.id ?? 0
    const limits = { label: 'x', repositories: ['**'], actions: ['pull'], lifetimeMs: 1 }
    makeAccessToken({ store, clock, maxAgeMs: DAY_MS }, { robotId }, limits)
    expect(enableRobot(store, 'ci', false).ok).toBe(true)
    expect(store.robots.named('ci')?.isEnabled).toBe(false)
    expect(enableRobot(store, 'ci', true).ok).toBe(true)
    expect(removeRobot(store, 'ci').ok).toBe(true)
    expect(store.accessTokens.list()).toEqual([])
    expect(reasonOf(removeRobot(store, 'ci'))).toBe('There is no robot ci.')
    expect(reasonOf(enableRobot(store, 'ci', true))).toBe('There is no robot ci.')
  })
})

describe('whom the identity provider lets in', () => {
  const known = {
    issuer: 'https://id.test',
    sub: '1',
    username: 'Ann',
    groups: ['dev'],
    refreshToken: undefined,
  }
  const enter = (more: Partial<typeof known> = {}) =>
    welcome({ store, clock, recheck: { sealed: () => '' } }, { ...known, ...more })

  test('keeps the name of the first time, and has the groups of now', () => {
    const first = enter()
    expect(first).toMatchObject({ ok: true, value: { name: 'ann', groups: ['dev'] } })
    expect(enter({ username: 'admin', groups: [] })).toMatchObject({
      ok: true,
      value: { name: 'ann', groups: [] },
    })
  })

  test.each([
    '',
    'a b',
    'ann@id.test',
    '../ann',
    '$' + '{group}',
    'a'.repeat(41),
    'ann\u0000',
    'Ä',
  ])('with the name “%s” is nobody here', (username) => {
    expect(reasonOf(enter({ username }))).toContain('no user name that a registry can use')
    expect(store.people.list()).toEqual([])
  })

  test('does not get the name of another person, or of a robot', () => {
    addPerson('ann')
    expect(reasonOf(enter())).toContain('belongs to somebody else')
    makeRobot({ store, clock }, { name: 'ci', about: '', by: '' })
    expect(reasonOf(enter({ username: 'CI' }))).toContain('belongs to somebody else')
  })

  test('is another one at another provider', () => {
    expect(enter().ok).toBe(true)
    expect(reasonOf(enter({ issuer: 'https://evil.test' }))).toContain('belongs to somebody else')
  })

  test('is disabled as long as an administrator says so, and back when she was gone', () => {
    const { id } = addPerson('ann', { sub: '1', isEnabled: false, isGone: true })
    expect(enter()).toMatchObject({ ok: true, value: { id, isEnabled: false, isGone: false } })
  })
})
