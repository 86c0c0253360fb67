// A returning client that fetches what it missed by CHATHISTORY, in the largest pages that the server gives.
// https://ircv3.net/specs/extensions/chathistory
import type { LoadClient, Login } from './bouncer-client.ts'
import { sharedNow } from './worker.ts'

const CAPS = ['batch', 'server-time', 'message-tags', 'draft/chathistory']

/** How a client came back. */
export interface Returned {
  /** From the connection to the last line. */
  ms: number
  /** Different lines that it got. */
  said: number
}

/** Fetches all there is; undefined where there is no CHATHISTORY. */
export async function fetchHistory(
  client: LoadClient,
  login: Login,
  channel: string,
): Promise<Returned | undefined> {
  const began = sharedNow()
  const welcome = client.until(/ 005 [^\n]*CHATHISTORY=\d+[\s\S]* (376|422) /, 15_000)
  client.begin(login, CAPS)
  const text = await welcome.catch(() => undefined)
  if (text === undefined) return
  const page = Number(/CHATHISTORY=(\d+)/.exec(text)?.[1])
  const kind = /MSGREFTYPES=(?:\w+,)*msgid/.test(text) ? 'msgid' : 'timestamp'
  const key = kind === 'msgid' ? 'msgid' : 'time'
  const said = new Set<number>()
  let last = `${kind}=*`
  let command = `CHATHISTORY LATEST ${channel} * ${page}`
  for (;;) {
    client.send(command)
    const answer = await client.until(/(^|[ \n])BATCH -|FAIL CHATHISTORY/)
    const lines = [...answer.matchAll(/^@(\S+) :\S+ PRIVMSG \S+ :(\d+) /gm)]
    for (const [, , index] of lines) said.add(Number(index))
    const first = /(?:^|;)(?:msgid|time)=/.test(lines[0]?.[1] ?? '') ? lines[0]?.[1] : undefined
    const reference = first
      ?.split(';')
      .find((tag) => tag.startsWith(`${key}=`))
      ?.slice(key.length + 1)
    if (reference === undefined || `${kind}=${reference}` === last || lines.length === 0) break
    last = `${kind}=${reference}`
    command = `CHATHISTORY BEFORE ${channel} ${last} ${page}`
  }
  return { ms: sharedNow() - began, said: said.size }
}
