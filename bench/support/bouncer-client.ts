// One cheap client of the benchmark: once it is logged in it counts lines without parsing them, and answers PING.
import { connect, type Socket } from 'node:net'
import { sharedNow } from './worker.ts'

export interface Login {
  pass: string
  user: string
  nick: string
}

const NEWLINE = 10
const SAID = Buffer.from(' PRIVMSG #')
const PING = Buffer.from('PING ')
/** Asked for one by one: not every server has all. */
const CAPS = ['server-time', 'message-tags', 'batch', 'echo-message']

export class LoadClient {
  readonly #socket: Socket
  #rest: Buffer | undefined
  #isWelcome = false
  #onBody: ((body: Buffer) => void) | undefined
  /** Lines said in channels since `reset`. */
  said = 0
  /** When the last of them came, and the longest time without any. */
  lastAt = 0
  longestGap = 0
  isClosed = false

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1' })
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** Logs in, with capabilities unless it is an old client; resolves when PING is answered behind the welcome. */
  async login(login: Login, caps: readonly string[] = CAPS): Promise<void> {
    this.begin(login, caps)
    await this.until(/^(@\S+ )?:\S+ (376|422) /m)
    await this.sync()
    this.#isWelcome = true
  }

  /** Sends all that a login takes. */
  begin({ pass, user, nick }: Login, caps: readonly string[]): void {
    if (caps.length > 0) this.send('CAP LS 302')
    this.send(`PASS :${pass}`, `NICK ${nick}`, `USER ${user} 0 * :${nick}`)
    for (const cap of caps) this.send(`CAP REQ :${cap}`)
    if (caps.length > 0) this.send('CAP END')
  }

  /** A PING and its PONG: all before it was read. */
  async sync(): Promise<void> {
    this.send('PING sync')
    await this.until(/ PONG [^\n]*sync/)
  }

  send(...lines: string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** Resolves with the text since this call, when it matches. */
  until(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    let text = ''
    const done = () => {
      clearTimeout(timer)
      this.#onBody = undefined
    }
    const timer = setTimeout(() => {
      done()
      reject(new Error(`no ${pattern} in ${timeoutMs} ms, but\n${text.slice(-500)}`))
    }, timeoutMs)
    this.#onBody = (body) => {
      text += body.toString()
      if (!pattern.test(text)) return
      done()
      resolve(text)
    }
    return promise
  }

  /** Resolves to the time at which a text came; lines are only counted meanwhile. */
  untilText(text: string, timeoutMs: number): Promise<number> {
    const wanted = Buffer.from(text)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer = setTimeout(() => {
      this.#onBody = undefined
      reject(new Error(`${this.said} lines, and no ${text} in ${timeoutMs} ms`))
    }, timeoutMs)
    this.#onBody = (body) => {
      if (!body.includes(wanted)) return
      clearTimeout(timer)
      this.#onBody = undefined
      resolve(sharedNow())
    }
    return promise
  }

  /** Calls back with whole lines; undefined ends that. */
  listen(onBody: ((body: Buffer) => void) | undefined): void {
    this.#onBody = onBody
  }

  reset(): void {
    this.said = 0
    this.longestGap = 0
    this.lastAt = sharedNow()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** QUIT, and waits for the end. */
  async quit(): Promise<void> {
    if (this.isClosed) return
    const closed = new Promise((resolve) => this.#socket.once('close', resolve))
    this.send('QUIT :done')
    const deadline = setTimeout(() => this.#socket.destroy(), 1000)
    await closed
    clearTimeout(deadline)
  }

  #read(bytes: Buffer): void {
    const chunk = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes
    const end = chunk.lastIndexOf(NEWLINE) + 1
    this.#rest = end < chunk.length ? Buffer.from(chunk.subarray(end)) : undefined
    if (end === 0) return
    const body = chunk.subarray(0, end)
    if (body.includes(PING)) this.#answerPings(body)
    if (this.#isWelcome) this.#count(body)
    this.#onBody?.(body)
  }

  #count(body: Buffer): void {
    let found = 0
    for (let at = body.indexOf(SAID); at >= 0; at = body.indexOf(SAID, at + SAID.length)) found += 1
    if (found === 0) return
    this.said += found
    const now = sharedNow()
    this.longestGap = Math.max(this.longestGap, now - this.lastAt)
    this.lastAt = now
  }

  #answerPings(body: Buffer): void {
    for (const [, token] of body.toString().matchAll(/^(?:@\S+ )?(?::\S+ )?PING :?(.*?)\r?$/gm)) {
      this.send(`PONG :${token}`)
    }
  }
}
