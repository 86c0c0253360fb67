// The registry of the restore drill: a robot pushes images while tokens are made and revoked.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  digestOf,
  MANIFEST,
  manifest,
  pushBlob,
  pushManifest,
} from '../../support/registry-image.ts'
import { basic, type Login, type RegistryRequest } from '../../support/registry-process.ts'
import { type Load, type Missing, repeat } from './restore-load.ts'
import { type Ended, makePod, type Pod, type PodOptions } from './restore-pod.ts'
import type { Volume } from './restore-volume.ts'

const REPOSITORY = 'team/app'
const AT_ONCE = 3
const ROBOT = 'ci'
/** Of a robot there may be 100. */
const MOST_TOKENS = 60
/** A few of the revoked ones are tried: who comes with more is taken for somebody who guesses. */
const TRIED = 3

interface Token {
  id: number
  secret: string
}

interface Acknowledged {
  /** Tags, with the text of what was pushed. */
  pushed: Map<string, string>
  tokens: Token[]
  revoked: Token[]
}

const copyOf = ({ pushed, tokens, revoked }: Acknowledged): Acknowledged => ({
  pushed: new Map(pushed),
  tokens: [...tokens],
  revoked: [...revoked],
})

/** Images and tokens as long as it lasts. */
export class RegistryLoad implements Load {
  readonly name: string = 'registry'
  readonly pod: Pod
  readonly #url: string
  readonly #now: Acknowledged = { pushed: new Map(), tokens: [], revoked: [] }
  #before = copyOf(this.#now)
  #keys = ''
  #made = 0
  #isStopped = false
  readonly #isOver = () => this.#isStopped

  /** Not started yet. `env`: the upstream that keeps the images; without it evaluation storage does. */
  constructor(
    options: Omit<PodOptions, 'service' | 'env'>,
    { port, env = {} }: { port: number; env?: Record<string, string> },
  ) {
    this.#url = `http://127.0.0.1:${port}`
    const own = {
      FUCHSBAU_REGISTRY_LISTEN: `127.0.0.1:${port}`,
      FUCHSBAU_REGISTRY_URL: this.#url,
    }
    this.pod = makePod({ ...options, service: 'registry', env: { ...own, ...env } })
  }

  /** Starts it for the first time. */
  async prepare(): Promise<void> {
    await this.start()
    await this.pod.operate('robot', 'create', ROBOT)
    await this.#makeToken()
    this.#keys = await this.#readKeys()
  }

  get volumes(): Volume[] {
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
    const lanes = Array.from({ length: AT_ONCE }, (_, lane) => this.#push(lane))
    await Promise.all([...lanes, this.#makeTokens()])
  }

  hasWorked(): boolean {
    const { pushed, tokens, revoked } = this.#now
    return pushed.size >= 60 && tokens.length >= 10 && revoked.length >= 2
  }

  end(): void {
    this.#isStopped = true
  }

  remember(): void {
    this.#before = copyOf(this.#now)
  }

  numbers() {
    const { pushed, tokens, revoked } = this.#before
    const later = this.#now.pushed.size - pushed.size
    return {
      images: pushed.size,
      tokens: tokens.length,
      'revoked tokens': revoked.length,
      'images after the snapshot': later,
    }
  }

  async missing(): Promise<Missing> {
    return [
      ...((await this.#readKeys()) === this.#keys ? [] : ['the keys are others']),
      ...(await this.#notPulled()),
      ...(await this.#notAudited()),
      ...(await this.#notLoggedIn()),
    ]
  }

  async addMore(): Promise<string> {
    await this.#pushTag('later')
    return 'later'
  }

  async has(tag: string): Promise<boolean> {
    return (await this.#manifest(tag)).status === 200
  }

  async lose(): Promise<void> {
    await this.pod.operate('token', 'revoke', String(this.#before.tokens.at(-1)?.id))
  }

  /** The manifest of an image that counts. */
  somethingPushed(): string {
    return [...this.#before.pushed.values()][0] ?? ''
  }

  fileToDamage(): string {
    return join(this.pod.directory, 'registry.db')
  }

  async [Symbol.asyncDispose]() {
    this.end()
    await this.kill()
  }

  /** How the robot logs in. */
  robot(): NonNullable<Login> {
    return { name: ROBOT, secret: this.#now.tokens[0]?.secret ?? '' }
  }

  async request(path: string, { method = 'GET', as, headers, body }: RegistryRequest = {}) {
    const authorization = typeof as === 'string' ? `Bearer ${as}` : as && basic(as)
    return await fetch(`${this.#url}${path}`, {
      method,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    })
  }

  async #push(lane: number): Promise<void> {
    let count = 0
    await repeat(this.#isOver, async () => await this.#pushTag(`t${lane}-${count++}`))
  }

  async #pushTag(tag: string): Promise<void> {
    const body = manifest(tag)
    for (const step of [
      await pushBlob(this, this.robot(), REPOSITORY),
      await pushBlob(this, this.robot(), REPOSITORY, layerOf(tag)),
      await pushManifest(this, this.robot(), REPOSITORY, tag, body),
    ]) {
      if (step.status !== 201) throw new Error(`${step.status} ${await step.text()}`)
    }
    this.#now.pushed.set(tag, body)
  }

  /** One after another; of three one is revoked, and of many the oldest, but for the robot's own. */
  async #makeTokens(): Promise<void> {
    const { tokens } = this.#now
    await repeat(this.#isOver, async () => {
      await this.#makeToken()
      if (this.#made % 3 === 0 || tokens.length > MOST_TOKENS) await this.#revoke()
      await pause(50)
    })
  }

  async #makeToken(): Promise<void> {
    const words = ['create', `robot:${ROBOT}`, '--repository', '**', '--allow', 'pull,push']
    const [secret = ''] = await this.pod.operate('token', ...words)
    this.#now.tokens.push({ id: ++this.#made, secret })
  }

  async #revoke(): Promise<void> {
    const { tokens, revoked } = this.#now
    const [token] = tokens.splice(1, 1)
    if (!token) return
    await this.pod.operate('token', 'revoke', String(token.id))
    revoked.push(token)
  }

  async #readKeys(): Promise<string> {
    return await (await this.request('/.well-known/jwks.json')).text()
  }

  async #manifest(reference: string): Promise<Response> {
    const headers = { accept: MANIFEST }
    return await this.request(`/v2/${REPOSITORY}/manifests/${reference}`, {
      as: this.robot(),
      headers,
    })
  }

  /** By tag and by digest, and a layer; the same bytes and the same digest. */
  async #notPulled(): Promise<Missing> {
    const missing: string[] = []
    for (const [tag, body] of this.#before.pushed) {
      for (const reference of [tag, digestOf(body)]) {
        const answer = await this.#manifest(reference)
        const digest = answer.headers.get('docker-content-digest')
        const isSame = (await answer.text()) === body && digest === digestOf(body)
        if (!isSame) missing.push(`image: ${reference} ${answer.status}`)
      }
      const path = `/v2/${REPOSITORY}/blobs/${digestOf(layerOf(tag))}`
      const layer = Buffer.from(
        await (await this.request(path, { as: this.robot() })).arrayBuffer(),
      )
      if (!layer.equals(layerOf(tag))) missing.push(`layer: ${tag}`)
    }
    return missing
  }

  async #notAudited(): Promise<Missing> {
    const lines = await this.pod.operate('audit', 'export', '--event', 'push')
    const pushes = lines.map((line) => JSON.parse(line) as { reference: string; digest: string })
    const audited = new Map(pushes.map(({ reference, digest }) => [reference, digest]))
    return [...this.#before.pushed]
      .filter(([tag, body]) => audited.get(tag) !== digestOf(body))
      .map(([tag]) => `audit: the push of ${tag}`)
  }

  async #notLoggedIn(): Promise<Missing> {
    const statusOf = async (secret: string) =>
      (await this.request('/token?service=x', { as: { name: ROBOT, secret } })).status
    const missing: string[] = []
    for (const { id, secret } of this.#before.tokens)
      if ((await statusOf(secret)) !== 200) missing.push(`token: the login of ${id}`)
    for (const { id, secret } of this.#before.revoked.slice(-TRIED))
      if ((await statusOf(secret)) !== 401) missing.push(`token: the revocation of ${id}`)
    return missing
  }
}

const layerOf = (tag: string) => Buffer.from(`the layer of ${tag}\n`.repeat(200))
