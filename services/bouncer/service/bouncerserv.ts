// BouncerServ and *status, whom clients talk to like to people. What is said to them, and what they answer, is between
// the bouncer and one client: never stored, never sent to a network.

import type { Downstream } from '../downstream/downstream.ts'
import { type Message, messageFrom } from '../irc/message.ts'
import { splitText } from '../irc/split.ts'
import type { Answer, Asking } from './command.ts'
import { linesOf, runLine } from './commands.ts'
import { aboutModule, isModule } from './modules.ts'
import { SERVICE_NICK, SERVICE_SOURCE, STATUS_NICK, STATUS_SOURCE } from './names.ts'
import { runStatus } from './status.ts'

/** Of one line of an answer. */
const MAX_LINE_BYTES = 400
/** Commands of one person that take time (passwords) and wait for each other. */
export const MAX_WAITING = 10

/** Answers what a client says to one of the services, or to a module of ZNC's. False when the target is neither. */
export function toService(downstream: Downstream, said: Message): boolean {
  const [target = '', text = ''] = said.params
  const service = serviceNamed(target)
  const { user } = downstream
  if (!service || !user) return false
  if (downstream.caps.has('echo-message')) {
    const { source } = downstream
    downstream.send({
      ...messageFrom(source, said.command, ...said.params),
      tags: clientTags(said),
    })
  }
  // Programs answer by NOTICE, and nobody answers those. CTCP is for clients.
  if (said.command !== 'PRIVMSG' || text.startsWith('\x01')) return true
  const { bouncer, network, isAppLogin } = downstream
  const asking: Asking = { bouncer, by: user, user, network, isAppLogin }
  ask(downstream, service.source, () => service.run(asking, text))
  return true
}

const SERVICES = [
  { nick: SERVICE_NICK, source: SERVICE_SOURCE, run: runLine },
  { nick: STATUS_NICK, source: STATUS_SOURCE, run: runStatus },
]

function serviceNamed(target: string) {
  const service = SERVICES.find(({ nick }) => nick.toLowerCase() === target.toLowerCase())
  if (service || !isModule(target)) return service
  return { source: `${target}!module@fuchsbau`, run: () => [aboutModule(target)] }
}

/** Answers at once what can be; else when it is done, one after the other, and before the PONG of a later PING. */
function ask(downstream: Downstream, source: string, run: () => Answer | Promise<Answer>): void {
  const { user, bouncer } = downstream
  const key = String(user?.record.id)
  if (bouncer.desk.pending(key) >= MAX_WAITING) {
    reply(downstream, source, ['Too many commands wait: try again in a while.'])
    return
  }
  const isFree = bouncer.desk.pending(key) === 0
  const answer = isFree ? run() : undefined
  if (answer && !(answer instanceof Promise)) {
    reply(downstream, source, linesOf(answer))
    return
  }
  const requester = downstream.labels.requester()
  void bouncer.desk
    .run(key, async () => await (answer ?? run()))
    .then((later) => {
      if (!downstream.isClosed) {
        for (const line of formatted(downstream, source, linesOf(later))) requester.answer(line)
      }
    })
    .finally(() => requester.end(false))
}

function reply(downstream: Downstream, source: string, lines: readonly string[]): void {
  for (const line of formatted(downstream, source, lines)) downstream.send(line)
}

function formatted({ nick }: Downstream, source: string, lines: readonly string[]): Message[] {
  return lines
    .flatMap((line) => splitText(line, MAX_LINE_BYTES))
    .map((line) => messageFrom(source, 'PRIVMSG', nick, line === '' ? ' ' : line))
}

function clientTags({ tags }: Message): ReadonlyMap<string, string> {
  return new Map([...tags].filter(([key]) => key.startsWith('+')))
}
