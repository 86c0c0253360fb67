// For the tests of the gate: a real store, keys, and requests signed as other servers sign them.
import type { KeyObject } from 'node:crypto'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import { makeKey, publicPem } from '../../../test/support/peer.ts'
import { type Signing, signPost } from '../../../test/support/sign.ts'
import { type RemoteActor, Scene } from '../context.fixture.ts'
import { blockHosts } from './blocked-hosts.ts'
import type { Json } from './document.ts'
import { type Gate, makeGate, type Verdict } from './gate.ts'
import { KeyCache } from './key-cache.ts'
import type { Forwarded } from './proof.ts'

export interface Sending extends Signing {
  /** Where to; the inbox of `you` by default. */
  path?: string
  /** Mallory by default. */
  by?: RemoteActor
}

const base = 'https://fuchs.example'
export const you = `${base}/you`
export const keyOfAlice = makeKey()
const keyOfMallory = makeKey()

/** Users `you` and `other`, the remote actors Alice and Mallory with a key each, and a host that is blocked. */
export class GateScene extends Scene {
  readonly gate: Gate
  readonly alice: RemoteActor
  readonly mallory: RemoteActor
  /** What the proof within a forwarded activity says. */
  forwarded: Forwarded = { ok: false, reason: 'no proof' }
  readonly proofsAsked: Json[] = []
  /** Hosts that showed life. */
  readonly alive: string[] = []

  constructor() {
    super(base)
    const { clock, context } = this
    this.alice = this.actor('alice', keyed('alice', keyOfAlice))
    this.mallory = this.actor('mallory', keyed('mallory', keyOfMallory))
    this.gate = makeGate({
      context,
      keys: new KeyCache({ remote: { fetchDocument: (url) => this.#fetchKey(url) }, clock }),
      metrics: createMetrics(),
      verifyForwarded: async (document) => {
        this.proofsAsked.push(document)
        return this.forwarded
      },
      blockedHosts: blockHosts(['blocked.example']),
      onLife: (host) => this.alive.push(host),
    })
  }

  /** Posts an activity, signed. */
  async admit(
    what: Json | string,
    { path = '/you/inbox', ...more }: Sending = {},
  ): Promise<Verdict> {
    const { by = this.mallory, ...signing } = more
    const body = Buffer.from(typeof what === 'string' ? what : JSON.stringify(what))
    const privateKey = by === this.alice ? keyOfAlice : keyOfMallory
    const signer = { keyId: `${by.id}#main-key`, privateKey }
    const at = this.clock.now()
    const headers = signPost(new URL(base + path), body, signer, { at, ...signing })
    return this.admitRaw(path, headers, body)
  }

  /** Posts to an inbox with these header fields and no others. */
  async admitRaw(path: string, headers: Record<string, string>, body: Buffer): Promise<Verdict> {
    const inboxOf = /^\/(\w+)\/inbox$/.exec(path)?.[1]
    return this.gate.admit({ method: 'POST', target: path, headers, body }, inboxOf)
  }

  /** What Remote makes of what is served. */
  async #fetchKey(url: string) {
    const found = await this.context.fetching.fetchDocument(url.replace(/#.*/, ''))
    if (!found.ok) return { ...found, kind: found.kind as 'gone' }
    return { ...found, id: String(found.document['id']), contentType: '' }
  }
}

/** The key of an actor, as her document has it. */
export function keyed(name: string, key: KeyObject = keyOfMallory): Json {
  const id = `https://${name}.example/users/${name}`
  return { publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: publicPem(key) } }
}
