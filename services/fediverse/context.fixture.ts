// For the tests of handlers and verbs: a real store in a temp directory, a clock that is set, and other servers whose
// documents a test lays out. Nothing is signed and nothing leaves the process: what would, is in `sent`.

import { settableClock } from '@fuchsbau/shared/clock.ts'
import { createLog } from '@fuchsbau/shared/log.ts'
import { makeTempData, removeTempData } from '../../test/support/temp-data.ts'
import { makeKeys, newUser } from './account/create.ts'
import { makeRemoteActors } from './activitypub/actors.ts'
import { type Json, PUBLIC } from './activitypub/document.ts'
import { makeProver } from './activitypub/proof-maker.ts'
import { type Effect, receive } from './activitypub/receive.ts'
import type { Context } from './context.ts'
import type { Draft } from './post/publish.ts'
import { publish } from './post/publish.ts'
import { indexes } from './store/layout.ts'
import type { ObjectKind, StoredObject } from './store/objects.ts'
import { openStore } from './store/store.ts'
import type { User } from './store/users.ts'
import { makeTids, makeUrls } from './urls.ts'

export type WithId = Json & { id: string }

/** An actor on another server. */
export interface RemoteActor {
  readonly id: string
  readonly inbox: string
  readonly followers: string
  /** As her server has it. */
  document: WithId
  /** An activity with a new id. */
  activity(type: string, object: unknown, fields?: Json): WithId
  /** A public note to her followers with a new id; `fields` in place of what it usually has. */
  note(fields?: Json): WithId
  /** The Create of a note, addressed like it. */
  create(note: WithId): WithId
}

/** An activity on its way out. */
export interface Sent {
  user: string
  activity: WithId & { type: string }
  /** In alphabetical order. */
  inboxes: string[]
}

const start = Date.parse('2030-01-01T00:00:00Z')
const keys = await makeKeys()

export class Scene {
  readonly clock = settableClock(start)
  readonly context: Context
  /** What other servers serve, by URL. A number is the status instead, 0 no answer. */
  readonly served = new Map<string, Json | number>()
  /** URLs that were asked for, in order. */
  readonly fetched: string[] = []
  readonly sent: Sent[] = []
  readonly #handles = new Map<string, string>()
  readonly #directory = makeTempData('scene')
  #count = 0

  constructor(base = 'https://fuchs.example') {
    const { clock } = this
    const store = openStore({ directory: this.#directory, clock })
    const urls = makeUrls(base)
    const fetching: Context['fetching'] = {
      fetchDocument: (url) => this.#fetch(url),
      lookupHandle: async (handle) => {
        const id = this.#handles.get(handle)
        return id ? { ok: true, id } : { ok: false, message: 'nobody there' }
      },
    }
    this.context = {
      urls,
      clock,
      log: createLog({ level: 'silent' }),
      store,
      fetching,
      actors: makeRemoteActors(store.tree, fetching, clock),
      prove: makeProver(store, urls, clock),
      wake: (deliveries) => {
        for (const delivery of deliveries) {
          const text = store.queue.body(delivery)?.text ?? 'null'
          const known = this.sent.at(-1)
          if (known && JSON.stringify(known.activity) === text) {
            known.inboxes = [...known.inboxes, delivery.inbox].sort()
          } else {
            this.sent.push({
              user: delivery.user,
              activity: JSON.parse(text),
              inboxes: [delivery.inbox],
            })
          }
        }
      },
      newTid: makeTids(() => clock.now()),
    }
  }

  /** Makes a local user. */
  async user(name = 'you', changes: Partial<User> = {}): Promise<User> {
    const { store } = this.context
    const user: User = { ...newUser(name, start), ...changes }
    store.users.writeKeys(name, keys)
    await store.commit([store.users.put(user)])
    return user
  }

  /** Makes an actor, with a handle; `fields` in place of what her document usually has. */
  actor(name: string, fields: Json = {}, host = `${name}.example`): RemoteActor {
    const id = `https://${host}/users/${name}`
    const actor: RemoteActor = {
      id,
      inbox: `${id}/inbox`,
      followers: `${id}/followers`,
      document: {
        id,
        type: 'Person',
        preferredUsername: name,
        inbox: `${id}/inbox`,
        followers: `${id}/followers`,
        featured: `${id}/featured`,
        endpoints: { sharedInbox: `https://${host}/inbox` },
        ...fields,
      },
      activity: (type, object, more = {}) => ({
        id: `${id}/activities/${++this.#count}`,
        type,
        actor: id,
        object,
        ...more,
      }),
      note: (more = {}) => ({
        id: `${id}/notes/${++this.#count}`,
        type: 'Note',
        attributedTo: id,
        content: `<p>from ${name}</p>`,
        to: [PUBLIC],
        cc: [`${id}/followers`],
        published: new Date(this.clock.now()).toISOString(),
        ...more,
      }),
      create: (note) => actor.activity('Create', note, { to: note.to, cc: note.cc }),
    }
    this.served.set(id, actor.document)
    this.#handles.set(`@${name}@${host}`, id)
    return actor
  }

  /** What becomes of an activity that passed the gate, signed by its actor unless told otherwise. A ms passes. */
  async receive(
    activity: Json,
    { signer = String(activity.actor), inboxOf = '' } = {},
  ): Promise<Effect> {
    this.clock.advance(1)
    const accepted = {
      id: String(activity.id),
      signer,
      receivedAt: this.clock.now(),
      document: activity,
      attempts: 0,
      ...(inboxOf ? { inboxOf } : {}),
    }
    await this.context.store.accepted.accept(accepted)
    const effect = await receive(this.context, accepted)
    return effect
  }

  /** She follows a local user. */
  async followedBy(actor: RemoteActor, user = 'you'): Promise<WithId> {
    const follow = actor.activity('Follow', this.context.urls.actor(user))
    await this.receive(follow)
    this.sent.length = 0
    return follow
  }

  /** A local user follows her, and she has accepted. */
  async follows(actor: RemoteActor, user = 'you'): Promise<void> {
    const { store } = this.context
    const relation = {
      actor: actor.id,
      activity: `${this.context.urls.actor(user)}/p/${++this.#count}/Follow`,
      state: 'accepted' as const,
      at: this.clock.now(),
      inbox: actor.inbox,
    }
    await store.commit([store.relations.put(user, 'following', relation)])
    await this.context.actors.resolve(actor.id)
    this.fetched.length = 0
  }

  /** A post of a local user, and nothing in `sent`. */
  async post(draft: Partial<Draft> = {}, name = 'you'): Promise<StoredObject> {
    const user = this.context.store.users.get(name)
    if (!user) throw new Error(`no user ${name}`)
    this.clock.advance(1)
    const post = await publish(this.context, user, { text: 'ours', audience: 'public', ...draft })
    this.sent.length = 0
    return post
  }

  object(id: string): StoredObject | undefined {
    return this.context.store.objects.get(id)
  }

  /** What is not buried. */
  has(id: string, kind: ObjectKind = 'post'): boolean {
    return this.object(id)?.kind === kind
  }

  home(user = 'you'): string[] {
    return this.context.store.objects.newest(indexes.home(user), 100).objects.map(({ id }) => id)
  }

  notifications(user = 'you'): string[] {
    const { objects } = this.context.store.objects.newest(indexes.notifications(user), 100)
    return objects.map(({ id }) => id)
  }

  /** Activities that wait for their effect or a later attempt. */
  pending(): string[] {
    return this.context.store.accepted.pending().map(({ id }) => id)
  }

  async end(): Promise<void> {
    await this.context.store.close()
    removeTempData(this.#directory)
  }

  async #fetch(url: string): ReturnType<Context['fetching']['fetchDocument']> {
    this.fetched.push(url)
    const found = this.served.get(url) ?? 404
    if (typeof found !== 'number') return { ok: true, document: found, url }
    const kinds: Record<number, string> = { 0: 'network', 404: 'not-found', 410: 'gone' }
    return { ok: false, kind: kinds[found] ?? 'status', message: `${url}: ${found}` }
  }
}

/** The only thing that was sent. */
export function onlySent({ sent }: Scene): Sent {
  const [first, ...more] = sent
  if (!first || more.length > 0) throw new Error(`sent: ${JSON.stringify(sent, null, 2)}`)
  return first
}
