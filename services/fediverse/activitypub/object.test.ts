// Everything that we send or serve, read by Fedify's JSON-LD: same ids, types and audiences as in our plain JSON.
import { type DocumentLoader, preloadedContexts } from '@fedify/fedify/runtime'
import * as vocab from '@fedify/fedify/vocab'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../context.fixture.ts'
import { approveFollower, removeFollower } from '../follow/accept.ts'
import { block, unblock } from '../follow/block.ts'
import { addAlias, moveTo } from '../follow/move.ts'
import { follow } from '../follow/request.ts'
import { unfollow } from '../follow/undo.ts'
import { boost, unboost } from '../post/boost.ts'
import { edit } from '../post/edit.ts'
import { like, unlike } from '../post/like.ts'
import { pin, unpin } from '../post/pin.ts'
import { changeProfile, localActor } from '../post/profile.ts'
import { type Draft, publish } from '../post/publish.ts'
import { remove } from '../post/remove.ts'
import { vote } from '../post/vote.ts'
import type { StoredObject } from '../store/objects.ts'
import type { User } from '../store/users.ts'
import {
  featured,
  outbox,
  outboxPage,
  parseCursor,
  relationCollection,
  replies,
} from './collection.ts'
import { currentDocument } from './current.ts'
import type { Json } from './document.ts'
import { tombstone } from './object.ts'

let scene: Scene
let vera: RemoteActor
let note: WithId
const us = 'https://fuchs.example/you'

beforeEach(async () => {
  scene = new Scene()
  await scene.user('you', { displayName: 'You', bio: 'Likes *foxes*', isLocked: true })
  vera = scene.actor('vera', { alsoKnownAs: [us] })
  note = vera.note()
  scene.served.set(note.id, note)
  const fan = scene.actor('fan')
  await scene.receive(fan.activity('Follow', us))
  await approveFollower(scene.context, 'you', fan.id)
  scene.sent.length = 0
})
afterEach(() => scene.end())

const you = () => scene.context.store.users.get('you') as User

/** Nothing is fetched: what is not shipped with Fedify, we do not use. */
const contextLoader: DocumentLoader = async (documentUrl) => {
  const document = (preloadedContexts as Record<string, unknown>)[documentUrl]
  if (document === undefined) throw new Error(`${documentUrl} is asked for`)
  return { contextUrl: null, documentUrl, document }
}
const options = { contextLoader, documentLoader: contextLoader }

const picture = {
  url: `${us}/s/fox.png`,
  mediaType: 'image/png',
  name: 'a fox',
  width: 640,
  height: 480,
  blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
}
const poll = () => ({
  options: ['Tea', 'Coffee'],
  isMultiple: false,
  endsAt: Date.parse('2030-01-02T00:00:00Z'),
})
const write = (draft: Partial<Draft>) =>
  publish(scene.context, you(), { text: 'hello', audience: 'public', ...draft })
const ours = async () => (await scene.post()).id

const list = (value: unknown) => (value === undefined ? [] : [value].flat())
const idOf = (value: unknown) => (typeof value === 'string' ? value : (value as WithId)?.id)
const hrefs = (urls: readonly (URL | null)[]) => urls.map((url) => url?.href).sort()

/** Reads a document as Fedify does, and what Fedify writes of it; both say what stands there. */
async function read(json: Json): Promise<vocab.Object> {
  const object = await vocab.Object.fromJsonLd(structuredClone(json), options)
  expectSame(object, json)
  const again = await object.toJsonLd({ ...options, format: 'expand' })
  expectSame(await vocab.Object.fromJsonLd(again, options), json)
  return object
}

function expectSame(object: vocab.Object, json: Json): void {
  expect(object.id?.href).toBe(json.id)
  expect(object.constructor.name).toBe(json.type)
  expect(hrefs(object.toIds)).toEqual(list(json.to).map(idOf).sort())
  expect(hrefs(object.ccIds)).toEqual(list(json.cc).map(idOf).sort())
  expect(hrefs(object.attributionIds)).toEqual(list(json.attributedTo).map(idOf).sort())
  if (!(object instanceof vocab.Activity)) return
  expect(object.actorId?.href).toBe(idOf(json.actor))
  expect(object.objectId?.href).toBe(idOf(json.object))
  expect(hrefs(object.targetIds)).toEqual(list(json.target).map(idOf))
}

type Case = [name: string, types: string[], act: () => Promise<unknown>]

const cases: Case[] = [
  ['a note', ['Create'], () => write({ text: 'Hi @vera@vera.example #fox', summary: 'cw' })],
  ['an unlisted note', ['Create'], () => write({ audience: 'unlisted' })],
  ['a note for followers', ['Create'], () => write({ audience: 'followers' })],
  [
    'a direct note with a file',
    ['Create'],
    () => write({ audience: 'direct', text: '@vera@vera.example', attachments: [picture] }),
  ],
  ['a reply', ['Create'], () => write({ inReplyTo: note.id })],
  ['a poll', ['Create'], () => write({ poll: poll() })],
  [
    'a poll with several choices',
    ['Create'],
    () => write({ poll: { ...poll(), isMultiple: true } }),
  ],
  ['an edit', ['Update'], async () => edit(scene.context, you(), await ours(), { text: 'edited' })],
  ['a delete', ['Delete'], async () => remove(scene.context, 'you', await ours())],
  [
    'a like and its end',
    ['Like', 'Undo'],
    async () => {
      await like(scene.context, 'you', note.id)
      await unlike(scene.context, 'you', note.id)
    },
  ],
  [
    'a boost and its end',
    ['Announce', 'Undo'],
    async () => {
      await boost(scene.context, 'you', note.id)
      await unboost(scene.context, 'you', note.id)
    },
  ],
  [
    'a vote',
    ['Create'],
    async () => {
      const oneOf = [{ type: 'Note', name: 'Tea' }]
      scene.served.set(note.id, { ...note, type: 'Question', oneOf })
      await vote(scene.context, 'you', note.id, ['Tea'])
    },
  ],
  [
    'a pin and its end',
    ['Add', 'Remove'],
    async () => {
      const id = await ours()
      await pin(scene.context, you(), id)
      await unpin(scene.context, you(), id)
    },
  ],
  [
    'a follow and its end',
    ['Follow', 'Undo'],
    async () => {
      await follow(scene.context, 'you', vera.id)
      await unfollow(scene.context, 'you', vera.id)
    },
  ],
  [
    'a follower let in and turned away',
    ['Accept', 'Reject'],
    async () => {
      const wanda = scene.actor('wanda')
      await scene.receive(wanda.activity('Follow', us))
      await approveFollower(scene.context, 'you', wanda.id)
      await removeFollower(scene.context, 'you', wanda.id)
    },
  ],
  [
    'a block and its end',
    ['Block', 'Undo'],
    async () => {
      await block(scene.context, 'you', vera.id)
      await unblock(scene.context, 'you', vera.id)
    },
  ],
  [
    'a changed profile',
    ['Update'],
    () => changeProfile(scene.context, 'you', (user) => ({ ...user, displayName: 'New' })),
  ],
  [
    'an alias and a move',
    ['Update', 'Update', 'Move'],
    async () => {
      await addAlias(scene.context, 'you', vera.id)
      await moveTo(scene.context, 'you', vera.id)
    },
  ],
]

describe('what we send', () => {
  test.each(cases)('%s: %j', async (_, types, act) => {
    await act()
    expect(scene.sent.map(({ activity }) => activity.type)).toEqual(types)
    for (const { activity } of scene.sent) {
      await read(activity)
      if (typeof activity.object === 'object')
        await read({ ...(activity.object as Json), '@context': activity['@context'] })
    }
  })
})

describe('what we serve', () => {
  const served = (id: string) => {
    const object = scene.object(id)
    return currentDocument(scene.context, object as StoredObject) ?? {}
  }

  test('an actor with her keys', async () => {
    await changeProfile(scene.context, 'you', (user) => ({
      ...user,
      avatar: 'fox.png',
      header: 'den.png',
      fields: [{ name: 'Site', value: 'https://fuchs.example' }],
      alsoKnownAs: [vera.id],
      movedTo: vera.id,
    }))
    const actor = (await read(localActor(scene.context, 'you') ?? {})) as vocab.Person
    const key = await actor.getPublicKey(options)
    expect(key?.id?.href).toBe(`${us}#main-key`)
    expect(key?.ownerId?.href).toBe(us)
    expect(key?.publicKey?.algorithm).toMatchObject({
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2048,
    })
    const methods = await Array.fromAsync(actor.getAssertionMethods(options))
    expect(
      methods.map(({ id, controllerId, publicKey }) => [
        id?.href,
        controllerId?.href,
        publicKey?.algorithm.name,
      ]),
    ).toEqual([[`${us}#ed25519-key`, us, 'Ed25519']])
    expect(actor.endpoints?.sharedInbox?.href).toBe('https://fuchs.example/shared-inbox')
    expect(
      [actor.inboxId, actor.outboxId, actor.followersId, actor.followingId, actor.featuredId].map(
        String,
      ),
    ).toEqual(
      ['inbox', 'outbox', 'followers', 'following', 'featured'].map((name) => `${us}/${name}`),
    )
    expect(actor).toMatchObject({
      preferredUsername: 'you',
      manuallyApprovesFollowers: true,
      discoverable: true,
    })
    expect(actor.aliasIds.map(String)).toEqual([vera.id])
    expect(actor.successorId?.href).toBe(vera.id)
    expect((await actor.getIcon(options))?.url?.toString()).toBe(`${us}/s/fox.png`)
    const fields = await Array.fromAsync(actor.getAttachments(options))
    expect(fields).toMatchObject([
      { name: 'Site', value: expect.stringContaining('https://fuchs.example') },
    ])
  })

  test('a note with all that it may have', async () => {
    const { id } = await scene.post({
      text: 'Hi @vera@vera.example #fox',
      summary: 'cw',
      language: 'de',
      attachments: [picture],
      inReplyTo: (await scene.post()).id,
    })
    const json = served(id)
    const object = (await read(json)) as vocab.Note
    expect(object).toMatchObject({ summary: 'cw', sensitive: true })
    expect(object.contents.map(String)).toContain(json.content)
    expect(object.replyTargetIds.map(String)).toEqual([json.inReplyTo])
    const tags = await Array.fromAsync(object.getTags(options))
    expect(
      tags.map((tag) => [
        tag.constructor.name,
        String(tag.name),
        (tag as vocab.Mention).href?.href,
      ]),
    ).toEqual([
      ['Mention', '@vera@vera.example', vera.id],
      ['Hashtag', '#fox', 'https://fuchs.example/?t=fox'],
    ])
    const [file] = await Array.fromAsync(object.getAttachments(options))
    expect(file).toMatchObject({ name: 'a fox', mediaType: 'image/png', width: 640 })
  })

  test('a poll with its votes', async () => {
    const { id } = await scene.post({ poll: poll() })
    const ballot = vera.note({ inReplyTo: id, name: 'Tea', content: undefined, to: [us], cc: [] })
    await scene.receive(vera.create(ballot))
    const question = (await read(served(id))) as vocab.Question
    const choices = await Array.fromAsync(question.getExclusiveOptions(options))
    const votes = choices.map(async (choice) => [
      String(choice.name),
      (await choice.getReplies(options))?.totalItems,
    ])
    expect(await Promise.all(votes)).toEqual([
      ['Tea', 1],
      ['Coffee', 0],
    ])
    expect(question).toMatchObject({ voters: 1 })
    expect(question.endTime?.epochMilliseconds).toBe(poll().endsAt)
  })

  test('a tombstone', async () => {
    const id = await ours()
    const object = (await read(tombstone(id, scene.clock.now()))) as vocab.Tombstone
    expect(object.deleted?.epochMilliseconds).toBe(scene.clock.now())
  })

  test('collections and their pages', async () => {
    for (let i = 0; i < 25; i += 1) await ours()
    const id = await ours()
    await pin(scene.context, you(), id)
    await boost(scene.context, 'you', note.id)
    const first = outboxPage(scene.context, 'you')
    const [, cursor] = /before=(.*)/.exec(String(first.next)) ?? []
    const pages = [first, outboxPage(scene.context, 'you', parseCursor(cursor))]
    const page = (await read(first)) as vocab.OrderedCollectionPage
    expect(page.partOfId?.href).toBe(`${us}/outbox`)
    const items = pages.flatMap(({ orderedItems }) => orderedItems as WithId[])
    expect(items.map(({ type }) => type)).toEqual(['Announce', ...Array(26).fill('Create')])
    const parsed = await Array.fromAsync(page.getItems(options))
    expect(parsed.map((item) => item.id?.href)).toEqual(items.slice(0, 20).map((item) => item.id))
    const collections = [
      outbox(scene.context, 'you'),
      relationCollection(scene.context, 'you', 'followers'),
      relationCollection(scene.context, 'you', 'following'),
      featured(scene.context, 'you'),
      replies(scene.context, id),
    ]
    for (const collection of collections) {
      const object = (await read(collection)) as vocab.Collection
      expect(object.totalItems).toBe(collection.totalItems)
    }
  })
})
