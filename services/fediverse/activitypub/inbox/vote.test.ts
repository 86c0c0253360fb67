// Votes: Notes with a name that answer a Question, as Mastodon sends them. https://docs.joinmastodon.org/spec/activitypub/#Question
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene } from '../../context.fixture.ts'
import { currentDocument } from '../current.ts'
import type { Json } from '../document.ts'

let scene: Scene
let vera: RemoteActor
let wanda: RemoteActor
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  wanda = scene.actor('wanda')
})
afterEach(() => scene.end())

async function ask(isMultiple = false): Promise<string> {
  const endsAt = scene.clock.now() + 3_600_000
  const poll = { options: ['Tea', 'Coffee'], isMultiple, endsAt }
  return (await scene.post({ text: 'Tea or coffee?', poll })).id
}

const vote = (voter: RemoteActor, question: string, name: unknown, fields: Json = {}) =>
  voter.create(
    voter.note({ inReplyTo: question, name, content: undefined, to: [us], cc: [], ...fields }),
  )

/** What is served: votes by option, and voters. */
function counts(question: string): [number[], unknown] {
  const object = scene.object(question)
  const document = (object && currentDocument(scene.context, object)) ?? {}
  const options = (document.oneOf ?? document.anyOf) as { replies: { totalItems: number } }[]
  return [options.map(({ replies }) => replies.totalItems), document.votersCount]
}

describe('a vote', () => {
  test('is counted, told to nobody and no reply', async () => {
    const question = await ask()
    expect(counts(question)).toEqual([[0, 0], 0])
    const create = vote(vera, question, 'Tea')
    expect(await scene.receive(create)).toBe('done')
    expect(await scene.receive(vote(wanda, question, 'Coffee'))).toBe('done')
    expect(counts(question)).toEqual([[1, 1], 2])
    expect(scene.notifications()).toEqual([])
    expect(scene.context.store.objects.about('replies', question)).toEqual([])
  })

  test('for a second option counts only where several may be chosen', async () => {
    const single = await ask()
    const multiple = await ask(true)
    for (const question of [single, multiple]) {
      for (const name of ['Tea', 'Coffee', 'Tea']) {
        await scene.receive(vote(vera, question, name))
      }
    }
    expect(counts(single)).toEqual([[1, 0], 1])
    expect(counts(multiple)).toEqual([[1, 1], 1])
  })

  test.each([
    [
      'twice',
      async (question: string) => {
        await scene.receive(vote(vera, question, 'Tea'))
        return 'Tea'
      },
    ],
    ['for what is no option', async () => 'Milk'],
    [
      'after the end',
      async () => {
        scene.clock.advance(3_600_001)
        return 'Tea'
      },
    ],
  ])('%s is dropped: it is not taken for a reply', async (_, prepare) => {
    const question = await ask()
    const name = await prepare(question)
    const before = counts(question)
    expect(await scene.receive(vote(vera, question, name))).toBe('ignored')
    expect(counts(question)).toEqual(before)
    expect(scene.notifications()).toEqual([])
    expect(scene.context.store.objects.about('replies', question)).toEqual([])
  })

  test('of whom we block is dropped', async () => {
    const question = await ask()
    const { store } = scene.context
    const block = { actor: vera.id, activity: `${us}/p/1/Block`, state: 'accepted', at: 1 } as const
    await store.commit([store.relations.put('you', 'blocks', block)])
    expect(await scene.receive(vote(vera, question, 'Tea'))).toBe('ignored')
    expect(counts(question)).toEqual([[0, 0], 0])
  })

  test('that another has signed counts only as its own host has it', async () => {
    const question = await ask()
    const create = vote(vera, question, 'Tea')
    expect(await scene.receive(create, { signer: wanda.id })).toBe('ignored')
    expect(counts(question)).toEqual([[0, 0], 0])
  })
})

test('an answer to a poll that says something is a reply', async () => {
  const question = await ask()
  const reply = vera.note({ inReplyTo: question, name: 'Tea', content: '<p>Tea, with milk</p>' })
  expect(await scene.receive(vera.create(reply))).toBe('done')
  expect(counts(question)).toEqual([[0, 0], 0])
  expect(scene.notifications()).toEqual([reply.id])
})

test('a poll that has ended says so', async () => {
  const question = await ask()
  const object = scene.object(question)
  expect(object && currentDocument(scene.context, object)).not.toHaveProperty('closed')
  scene.clock.advance(3_600_001)
  expect(object && currentDocument(scene.context, object)).toMatchObject({
    closed: '2030-01-01T01:00:00.000Z',
  })
})
