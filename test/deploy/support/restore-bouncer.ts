// The bouncer of the restore drill: a talkative network, a client that hears it live, and one that was there before and comes
// back after the restoration.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fetchHistory } from '../../support/bouncer-history.ts'
import { type FakeIrcServer, startFakeIrc } from '../../support/fake-irc-server.ts'
import { connect, type IrcClient } from '../../support/irc-client.ts'
import { PASSWORD } from '../../support/service-process.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type Load, type Missing, repeat } from './restore-load.ts'
import { type Ended, makePod, type Pod, type PodOptions } from './restore-pod.ts'

const CHANNEL = '#den'
const CAPS = ['server-time', 'message-tags', 'batch', 'draft/chathistory']
const LINES_A_TICK = 2
const TICK_MS = 10
/** The history is synced once a second (ARCHITECTURE.md): what is younger may be lost, however long the disk takes. */
const SYNCED_AFTER_MS = 10_000

interface Line {
  msgid: string
  text: string
}

/** Lines to a channel as long as it lasts. What a client was given is acknowledged: it was stored before. */
export class BouncerLoad implements Load {
  readonly name = 'bouncer'
  readonly pod: Pod
  readonly #irc: FakeIrcServer
  readonly #port: number
  #listener: IrcClient | undefined
  #said = 0
  #before: Line[] = []
  #isStopped = false
  readonly #isOver = () => this.#isStopped

  private constructor(pod: Pod, irc: FakeIrcServer, port: number) {
    this.pod = pod
    this.#irc = irc
    this.#port = port
  }

  static async start(options: Omit<PodOptions, 'service' | 'env'>, port: number) {
    const irc = await startFakeIrc()
    const env = {
      FUCHSBAU_BOUNCER_LISTEN: '127.0.0.1:0',
      FUCHSBAU_BOUNCER_PLAIN_LISTEN: `127.0.0.1:${port}`,
      FUCHSBAU_BOUNCER_WEB_LISTEN: '127.0.0.1:0',
    }
    const load = new BouncerLoad(makePod({ ...options, service: 'bouncer', env }), irc, port)
    await load.pod.start()
    const address = `irc+insecure://127.0.0.1:${irc.port}`
    await load.pod.operate('network', 'create', 'you', '-addr', address, '-name', 'den')
    await load.pod.operate('channel', 'create', 'you', CHANNEL, '-network', 'den')
    await irc.expectLine(`JOIN ${CHANNEL}`)
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
    const old = await this.#client('old')
    this.#say('the last that the old client heard')
    await old.expect(/the last that the old client heard/)
    await old.close()
    this.#listener = await this.#client('listener', CAPS)
    await repeat(this.#isOver, async () => {
      for (let count = 0; count < LINES_A_TICK; count++) this.#say(`line ${++this.#said}`)
      await pause(TICK_MS)
    })
  }

  hasWorked(): boolean {
    return this.#synced().length >= 300
  }

  end(): void {
    this.#isStopped = true
  }

  remember(): void {
    this.#before = this.#synced()
  }

  numbers() {
    return {
      lines: this.#before.length,
      'lines after the snapshot': this.#said - this.#before.length,
    }
  }

  async missing(): Promise<Missing> {
    await using client = await this.#client('listener', CAPS)
    const history = linesOf(await fetchHistory(client, CHANNEL))
    const twice = history.length - new Set(history.map(({ msgid }) => msgid)).size
    return [
      ...(twice > 0 ? [`${twice} lines are there twice`] : []),
      ...lacking('history', this.#before, new Map(history.map((line) => [line.msgid, line.text]))),
      ...(await this.#notPlayed()),
    ]
  }

  async addMore(): Promise<string> {
    await using client = await this.#client('listener', CAPS)
    const text = 'after the restoration'
    this.#say(text)
    await client.expect(/after the restoration/)
    return text
  }

  async has(text: string): Promise<boolean> {
    await using client = await this.#client('listener', CAPS)
    return linesOf(await fetchHistory(client, CHANNEL)).some((line) => line.text === text)
  }

  async lose(): Promise<void> {
    await this.pod.operate('delete-history', 'you', CHANNEL, '--network', 'den', '--yes')
  }

  fileToDamage(): string {
    return join(this.pod.directory, 'bouncer.db')
  }

  async [Symbol.asyncDispose]() {
    this.end()
    await this.kill()
    await this.#irc[Symbol.asyncDispose]()
  }

  /** The client that was there before is played all that it missed. */
  async #notPlayed(): Promise<Missing> {
    await using old = await this.#client('old')
    await old.sync({ timeoutMs: 30_000 })
    const played = new Set(linesOf(old.lines).map(({ text }) => text.replace(/^\[[\d:]+\] /, '')))
    return this.#before
      .filter(({ text }) => !played.has(text))
      .map(({ text }) => `backlog: ${text}`)
  }

  #say(text: string): void {
    this.#irc.say(CHANNEL, 'hare', text)
  }

  #synced(): Line[] {
    const until = performance.now() - SYNCED_AFTER_MS
    return linesOf(this.#listener?.lines.filter(({ at }) => at < until) ?? [])
  }

  async #client(name: string, caps?: readonly string[]): Promise<IrcClient> {
    const client = await connect({ port: this.#port })
    const login = { nick: 'you', pass: PASSWORD, user: `you/den@${name}` }
    await waitFor(() => this.#irc.members(CHANNEL).length > 0, { what: 'the bouncer to be there' })
    await client.register({ ...login, ...(caps && { caps }) })
    return client
  }
}

function linesOf(lines: readonly IrcClient['lines'][number][]): Line[] {
  return lines
    .filter(({ command, nick }) => command === 'PRIVMSG' && nick === 'hare')
    .map(({ tags, params }) => ({ msgid: tags['msgid'] ?? '', text: params[1] ?? '' }))
}

function lacking(
  where: string,
  wanted: readonly Line[],
  got: ReadonlyMap<string, string>,
): Missing {
  return wanted
    .filter(({ msgid, text }) => got.get(msgid) !== text)
    .map(({ msgid, text }) => `${where}: ${msgid} ${text}`)
}
