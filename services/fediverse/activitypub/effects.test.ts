// When effects happen: in the order of their signer, again when something could not be fetched, also after a restart.
import { setImmediate as turn } from 'node:timers/promises'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { retryDelay } from '@fuchsbau/shared/retry.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RemoteActor, Scene, type WithId } from '../context.fixture.ts'
import { EFFECT_RETRY, type Effects, startEffects } from './effects.ts'

const minute = 60_000
const us = 'https://fuchs.example/you'

let scene: Scene
let effects: Effects
let vera: RemoteActor
let wanda: RemoteActor

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
  vera = scene.actor('vera')
  wanda = scene.actor('wanda')
  effects = startEffects(scene.context, createMetrics())
})
afterEach(async () => {
  await effects.close()
  await scene.end()
})

/** As the gate does: durable first. */
async function accept(activity: WithId): Promise<void> {
  const { store, clock } = scene.context
  const signer = String(activity.actor)
  const accepted = {
    id: activity.id,
    signer,
    receivedAt: clock.now(),
    document: activity,
    attempts: 0,
  }
  await store.accepted.accept(accepted)
  effects.start(accepted)
}

const follow = (actor = vera) => actor.activity('Follow', us)
const follows = (actor = vera) =>
  scene.context.store.relations.get('you', 'followers', actor.id) !== undefined

/** Moves the clock on, and lets what is due come to its end. */
async function pass(ms: number): Promise<void> {
  scene.clock.advance(ms)
  await turn()
  await effects.idle()
}

describe('effects', () => {
  test('of one signer happen in order, of others meanwhile', async () => {
    const fetching = Promise.withResolvers<void>()
    const { fetchDocument } = scene.context.fetching
    scene.context.fetching.fetchDocument = async (url) => {
      if (url === vera.id) await fetching.promise
      return fetchDocument(url)
    }
    const request = follow()
    await accept(request)
    await accept(vera.activity('Undo', request))
    await accept(follow(wanda))
    while (!follows(wanda)) await turn()
    expect(follows(vera)).toBe(false)
    expect(scene.pending()).toHaveLength(2)
    fetching.resolve()
    await effects.idle()
    // The other way round she would be a follower now.
    expect(follows(vera)).toBe(false)
    expect(scene.sent.map(({ activity }) => activity.type)).toEqual(['Accept', 'Accept'])
    expect(scene.pending()).toEqual([])
  })

  test('wait when something cannot be fetched: a minute, then longer', async () => {
    scene.served.set(vera.id, 0)
    await accept(follow())
    await effects.idle()
    expect(follows()).toBe(false)
    const attempts = () => scene.fetched.filter((url) => url === vera.id).length
    expect(attempts()).toBe(1)
    await pass(0.7 * minute)
    expect(attempts()).toBe(1)
    await pass(0.4 * minute)
    expect(attempts()).toBe(2)
    scene.served.set(vera.id, vera.document)
    await pass(2 * minute)
    expect(attempts()).toBe(2)
    await pass(3 * minute)
    expect(follows()).toBe(true)
    expect(scene.pending()).toEqual([])
  })

  test('that wait do not hold up what the same signer sends later', async () => {
    const note = wanda.note()
    scene.served.set(note.id, 0)
    await scene.follows(vera)
    const boost = vera.activity('Announce', note.id, {
      to: ['https://www.w3.org/ns/activitystreams#Public'],
    })
    await accept(boost)
    await accept(follow())
    await effects.idle()
    expect(follows()).toBe(true)
    expect(scene.pending()).toEqual([boost.id])
  })

  test('are attempted nine times in about three days', () => {
    const daysWith = (random: number) => {
      const pauses: number[] = []
      for (;;) {
        const pause = retryDelay(EFFECT_RETRY, pauses.length + 1, () => random)
        if (pause === undefined) break
        pauses.push(pause)
      }
      expect(pauses.length + 1).toBe(9)
      return pauses.reduce((sum, pause) => sum + pause, 0) / (24 * 60 * minute)
    }
    expect(daysWith(0)).toBeCloseTo(2.95, 2)
    expect(daysWith(0.999)).toBeGreaterThan(2.3)
  })

  test('that never succeed are put aside, with the reason', async () => {
    scene.served.set(vera.id, 0)
    const request = follow()
    await accept(request)
    await effects.idle()
    for (let hour = 0; hour < 5 * 24; hour += 1) await pass(60 * minute)
    expect(scene.pending()).toEqual([])
    expect(scene.context.store.accepted.failed()).toMatchObject([
      { id: request.id, attempts: 9, lastError: `${vera.id}: 0` },
    ])
    scene.served.set(vera.id, vera.document)
    await pass(24 * 60 * minute)
    expect(follows()).toBe(false)
  })

  test('that an error in our own code has broken are tried again', async () => {
    const { fetchDocument } = scene.context.fetching
    scene.context.fetching.fetchDocument = async () => {
      throw new Error('a bug')
    }
    await accept(follow())
    await effects.idle()
    expect(scene.pending()).toHaveLength(1)
    scene.context.fetching.fetchDocument = fetchDocument
    await pass(minute)
    expect(follows()).toBe(true)
  })

  test('that were left happen after a restart: at once, or when they are due', async () => {
    scene.served.set(vera.id, 0)
    await accept(follow())
    await effects.idle()
    await effects.close()
    await accept(follow(wanda))
    expect(follows(wanda)).toBe(false)
    scene.served.set(vera.id, vera.document)
    effects = startEffects(scene.context, createMetrics())
    await effects.idle()
    expect([follows(wanda), follows(vera)]).toEqual([true, false])
    await pass(minute)
    expect(follows(vera)).toBe(true)
    expect(scene.pending()).toEqual([])
  })
})
