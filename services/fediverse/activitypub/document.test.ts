import { expect, test } from 'vitest'
import { PUBLIC, parseActivity, parseActor, parsePost, reference } from './document.ts'

const note = {
  id: 'https://a.test/n/1',
  type: 'Note',
  attributedTo: 'https://a.test/u',
  to: 'as:Public',
  cc: ['https://a.test/u/followers', { id: 'https://b.test/v' }, 7, null],
  content: '<p>hi</p>',
}

test('a single value, a list and an embedded object mean the same wherever JSON-LD allows them', () => {
  const post = parsePost(note)
  expect(post).toMatchObject({
    to: [PUBLIC],
    cc: ['https://a.test/u/followers', 'https://b.test/v'],
  })
  expect(
    parsePost({
      ...note,
      type: ['Note'],
      attributedTo: [{ id: 'https://a.test/u', type: 'Person' }],
    }),
  ).toMatchObject({
    type: 'Note',
    attributedTo: 'https://a.test/u',
  })
})

test.each([
  ['no id', { ...note, id: undefined }],
  ['an id that is no web address', { ...note, id: 'javascript:alert(1)' }],
  ['an id that is too long', { ...note, id: `https://a.test/${'x'.repeat(3_000)}` }],
  ['no author', { ...note, attributedTo: undefined }],
  ['a type that is not shown', { ...note, type: 'Follow' }],
  ['not an object', 'https://a.test/n/1'],
])('a post with %s is none', (_, document) => {
  expect(parsePost(document)).toBeUndefined()
})

test('of PeerTube’s authors the person is taken', () => {
  const attributedTo = [
    { type: 'Group', id: 'https://p.test/channel' },
    { type: 'Person', id: 'https://p.test/account' },
  ]
  expect(parsePost({ ...note, type: 'Video', attributedTo })?.attributedTo).toBe(
    'https://p.test/account',
  )
})

test('a Question has its options, counts and end', () => {
  const option = (name: string, totalItems: unknown) => ({
    type: 'Note',
    name,
    replies: { totalItems },
  })
  const question = {
    ...note,
    type: 'Question',
    oneOf: [option('a', 2), option('b', -1), 'x'],
    endTime: '2026-01-01T00:00:00Z',
  }
  expect(parsePost(question)?.poll).toEqual({
    isMultiple: false,
    options: [
      { name: 'a', votes: 2 },
      { name: 'b', votes: 0 },
    ],
    endsAt: Date.UTC(2026, 0, 1),
  })
})

test('lists are read up to a bound', () => {
  const to = Array.from({ length: 10_000 }, (_, i) => `https://a.test/${i}`)
  expect(parsePost({ ...note, to })?.to).toHaveLength(256)
})

test('an activity needs an id, a type and an actor', () => {
  const like = { id: 'https://a.test/l', type: 'Like', actor: 'https://a.test/u', object: note.id }
  expect(parseActivity(like)).toMatchObject({ object: { id: note.id }, to: [], cc: [] })
  for (const key of ['id', 'type', 'actor'])
    expect(parseActivity({ ...like, [key]: undefined })).toBeUndefined()
})

test('an actor needs an inbox and gets a name from its address when it has none', () => {
  const actor = {
    id: 'https://a.test/users/eve',
    type: 'Person',
    inbox: 'https://a.test/users/eve/inbox',
  }
  expect(parseActor(actor)).toMatchObject({
    username: 'eve',
    name: 'eve',
    isLocked: false,
    alsoKnownAs: [],
  })
  expect(parseActor({ ...actor, inbox: undefined })).toBeUndefined()
  expect(parseActor({ ...actor, type: 'Note' })).toBeUndefined()
})

test('the names of an actor fit on a line', () => {
  const actor = { id: 'https://a.test/users/eve', type: 'Person', inbox: 'https://a.test/inbox' }
  const name = ' Eve\n\u001b[2J\u009b of\r\nAdams '
  expect(parseActor({ ...actor, name })?.name).toBe('Eve [2J of Adams')
  for (const preferredUsername of ['e\nve', 'eve@b.test', 'e ve', '\u0007', '', 7])
    expect(parseActor({ ...actor, preferredUsername })?.username).toBe('eve')
})

test('a Link is followed by its href', () => {
  expect(reference({ type: 'Link', href: 'https://a.test/x' }).id).toBe('https://a.test/x')
})
