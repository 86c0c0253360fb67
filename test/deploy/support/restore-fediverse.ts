// The fediverse server of the restore drill: what comes in and goes out while a backup is made, and whether it is there after
// the restoration.
import { join } from 'node:path'
import { hashId } from '../../../services/fediverse/store/layout.ts'
import { ask } from '../../support/http-post.ts'
import { type Peer, type PeerActor, PUBLIC, startPeer } from '../../support/peer.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type Load, type Missing, repeat } from './restore-load.ts'
import { type Ended, makePod, type Pod, type PodOptions } from './restore-pod.ts'

const HOSTS = 8
const FOLLOWERS = 40
const AT_ONCE = 6
/** The longest list that the command line shows. */
const SHOWN = 1000

/** What the server acknowledged. */
interface Acknowledged {
  /** Ids of others' notes, answered 202. */
  notes: string[]
  /** Ids of ours. */
  ours: string[]
  followers: PeerActor[]
}

/** Posts to us and by us, and new followers, one of whose hosts takes nothing until the restoration. */
export class FediverseLoad implements Load {
  readonly name = 'fediverse'
  readonly pod: Pod
  readonly #peer: Peer
  readonly #url: string
  readonly #now: Acknowledged = { notes: [], ours: [], followers: [] }
  #before: Acknowledged = { notes: [], ours: [], followers: [] }
  /** How many requests the peer had got when its hosts were all well again. */
  #restoredAt = Number.POSITIVE_INFINITY
  #isStopped = false
  readonly #isOver = () => this.#isStopped

  private constructor(pod: Pod, peer: Peer, url: string) {
    this.pod = pod
    this.#peer = peer
    this.#url = url
    const deaf = peer.origins.at(-1) ?? ''
    peer.onPost = ({ url }) => ({ status: url.startsWith(`${deaf}/`) ? 503 : 202 })
  }

  static async start(options: Omit<PodOptions, 'service' | 'env'>, port: number) {
    const peer = await startPeer({ hosts: HOSTS })
    const url = `http://127.0.0.1:${port}`
    const env = {
      FUCHSBAU_FEDIVERSE_LISTEN: `127.0.0.1:${port}`,
      FUCHSBAU_FEDIVERSE_URL: url,
      FUCHSBAU_ALLOW_PRIVATE_ADDRESS: 'true',
    }
    const load = new FediverseLoad(makePod({ ...options, service: 'fediverse', env }), peer, url)
    await load.pod.start()
    return load
  }

  get volumes() {
    return [this.pod.volume]
  }

  start(): Promise<void> {
    return this.pod.start()
  }

  stop(): Promise<void> {
    return this.pod.stop()
  }

  kill(): Promise<void> {
    return this.pod.kill()
  }

  check(): Promise<Ended> {
    return this.pod.check()
  }

  async work(): Promise<void> {
    const followers = Array.from({ length: FOLLOWERS }, (_, number) =>
      this.#peer.actor(`actor${number}`, { origin: this.#peer.origins[number % HOSTS] ?? '' }),
    )
    for (const follower of followers.slice(0, FOLLOWERS / 2)) await this.#follow(follower)
    await Promise.all([
      ...this.#now.followers.slice(0, AT_ONCE).map((actor) => this.#post(actor)),
      this.#publish(followers.slice(FOLLOWERS / 2)),
    ])
  }

  hasWorked(): boolean {
    return this.#now.notes.length >= 200 && this.#now.ours.length >= 25
  }

  end(): void {
    this.#isStopped = true
  }

  remember(): void {
    const { notes, ours, followers } = this.#now
    this.#before = { notes: [...notes], ours: [...ours], followers: [...followers] }
  }

  numbers() {
    const { notes, ours, followers } = this.#before
    return {
      notes: notes.length,
      posts: ours.length,
      followers: followers.length,
      'notes after the snapshot': this.#now.notes.length - notes.length,
    }
  }

  /** Something that an older backup does not have. */
  async addMore(): Promise<string> {
    const [id = ''] = await this.pod.operate('note', 'after the restoration')
    return id
  }

  async missing(): Promise<Missing> {
    this.#peer.onPost = () => ({})
    this.#restoredAt = Math.min(this.#restoredAt, this.#peer.posted.length)
    await this.pod.operate('queue', 'retry')
    const missing = [
      ...(await this.#notShown('posts', this.#before.ours)),
      ...(await this.#notShown('notifications', this.#before.notes)),
      ...(await this.#notThere(this.#before.notes)),
      ...(await this.#notFollowing()),
      ...(await this.#notServed()),
    ]
    return [...missing, ...(await this.#notDelivered())]
  }

  async has(id: string): Promise<boolean> {
    return (
      (await ask(new URL(id), { headers: { accept: 'application/activity+json' } })).status === 200
    )
  }

  async lose(): Promise<void> {
    await this.pod.operate('delete', this.#before.ours[0] ?? '')
  }

  /** A post of ours. */
  fileToDamage(): string {
    const key = hashId(this.#before.ours[0] ?? '')
    return join(this.pod.directory, 'objects', key.slice(0, 2), `${key}.json`)
  }

  async [Symbol.asyncDispose]() {
    this.end()
    await this.kill()
    await this.#peer[Symbol.asyncDispose]()
  }

  async #follow(actor: PeerActor): Promise<void> {
    const us = `${this.#url}/you`
    const { status } = await actor.post(`${us}/inbox`, actor.activity('Follow', us))
    if (status !== 202) throw new Error(`a Follow was answered ${status}\n${this.pod.log()}`)
    this.#now.followers.push(actor)
  }

  async #post(actor: PeerActor): Promise<void> {
    const us = `${this.#url}/you`
    await repeat(this.#isOver, async () => {
      const create = actor.create('under load', [us, PUBLIC])
      const { status } = await actor.post(`${us}/inbox`, create)
      if (status !== 202) throw new Error(`a Create was answered ${status}\n${this.pod.log()}`)
      this.#now.notes.push((create['object'] as { id: string }).id)
    })
  }

  /** Our posts, and now and then a new follower. */
  async #publish(newcomers: PeerActor[]): Promise<void> {
    await repeat(this.#isOver, async () => {
      const count = this.#now.ours.length
      const [id = ''] = await this.pod.operate('note', `ours ${count}`)
      this.#now.ours.push(id)
      const next = count % 2 === 1 ? newcomers.shift() : undefined
      if (next) await this.#follow(next)
    })
  }

  /** The newest ones; for the others see `#notThere`, and `fsck`, which compares what is there with what is shown. */
  async #notShown(what: 'posts' | 'notifications', ids: readonly string[]): Promise<Missing> {
    const lines = await this.pod.operate('show', what, '--limit', String(SHOWN), '--json')
    const text = lines.join('\n')
    return ids
      .slice(-SHOWN / 2)
      .filter((id) => !text.includes(`"${id}"`))
      .map((id) => `${what}: ${id}`)
  }

  async #notThere(ids: readonly string[]): Promise<Missing> {
    const missing: string[] = []
    for (const id of ids) {
      const shown = this.pod.operate('show', id, '--json')
      await shown.catch(() => missing.push(`note: ${id}`))
    }
    return missing
  }

  async #notFollowing(): Promise<Missing> {
    const lines = (await this.pod.operate('followers')).join('\n')
    const { followers } = this.#before
    return followers.filter(({ id }) => !lines.includes(id)).map(({ id }) => `follower: ${id}`)
  }

  async #notServed(): Promise<Missing> {
    const missing: string[] = []
    for (const id of this.#before.ours) if (!(await this.has(id))) missing.push(`page: ${id}`)
    return missing
  }

  /** Each post of ours reaches each who followed before it, at the latest now. */
  async #notDelivered(): Promise<Missing> {
    const { ours, followers } = this.#before
    const first = followers.slice(0, FOLLOWERS / 2)
    const wanted = ours.flatMap((id) => first.map(({ inbox }) => `${id} ${inbox}`))
    const deaf = `${this.#peer.origins.at(-1)}/`
    const missing = () => {
      const got = this.#peer.posted.filter(
        ({ url }, at) => !url.startsWith(deaf) || at >= this.#restoredAt,
      )
      const arrived = new Set(got.map(({ url, body }) => `${noteOf(body)} ${url}`))
      return wanted.filter((pair) => !arrived.has(pair))
    }
    try {
      await waitFor(() => missing().length === 0, { what: 'deliveries', timeoutMs: 30_000 })
    } catch {
      return missing().map((pair) => `delivery: ${pair}`)
    }
    return []
  }
}

const noteOf = (body: Buffer) =>
  (JSON.parse(body.toString()) as { object: { id?: string } }).object.id
