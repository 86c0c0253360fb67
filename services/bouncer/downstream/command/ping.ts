// PING of a client is answered by us, behind everything that it was owed when it asked; PONG tells what it has.
import { type Message, messageFrom } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'

export function onPing(downstream: Downstream, { params }: Message): void {
  const [token] = params
  if (token === undefined) {
    downstream.numeric('409', 'No origin specified')
    return
  }
  const { barriers, labels } = downstream
  let isDone = false
  let answer = (): void => {
    const { serverName } = downstream
    downstream.reply('PONG', serverName, token)
  }
  barriers.add(() => {
    isDone = true
    answer()
  })
  if (isDone) return
  const requester = labels.requester()
  answer = () => {
    const { serverName } = downstream
    requester.answer(messageFrom(serverName, 'PONG', serverName, token))
    requester.end(false)
  }
}

export function onPong(downstream: Downstream, { params }: Message): void {
  // What a client says without being asked for is its own affair.
  downstream.catchUp.answered(params.at(-1) ?? '')
}
