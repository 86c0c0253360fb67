// AWAY of one client: the person is away when all her clients say so, or are gone.
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'

export function onAway(downstream: Downstream, { params: [text = ''] }: Message): void {
  downstream.isAway = text !== ''
  downstream.awayText = text
  const numeric = downstream.isAway ? '306' : '305'
  const words = downstream.isAway ? 'You have been marked as being away' : 'You are no longer marked as being away'
  downstream.numeric(numeric, words)
  downstream.user?.updateAway()
}
