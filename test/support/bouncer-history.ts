// Reading a whole conversation by CHATHISTORY. https://ircv3.net/specs/extensions/chathistory
import type { IrcClient } from './irc-client.ts'
import type { IrcLine } from './irc-line.ts'

/** All lines of a conversation, oldest first, from pages that refer to msgids. Needs batch, message-tags, server-time. */
export async function fetchHistory(
  client: IrcClient,
  target: string,
  page = 1000,
): Promise<IrcLine[]> {
  const all: IrcLine[] = []
  let request = `CHATHISTORY LATEST ${target} * ${page}`
  for (;;) {
    const from = client.lines.length
    client.send(request)
    const answer = await client.sync({ timeoutMs: 15_000 })
    const begin = answer.find(({ raw }) => / BATCH \+\S+ chathistory /.test(raw))
    const batch = begin?.params[0]?.slice(1)
    if (batch === undefined) throw new Error(`no batch, but ${client.lines.slice(from).at(0)?.raw}`)
    const lines = answer.filter(({ tags }) => tags['batch'] === batch)
    all.unshift(...lines)
    const first = lines[0]?.tags['msgid']
    if (first === undefined) return all
    request = `CHATHISTORY BEFORE ${target} msgid=${first} ${page}`
  }
}
