// AWAY of one client: the person is away when all her clients say so, or are gone. Before the welcome it says that the
// client came without her. https://ircv3.net/specs/extensions/pre-away
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'

const MAX_TEXT = 400

export function onAway(downstream: Downstream, { params: [text = ''] }: Message): void {
  if (!downstream.registration.isDone && !downstream.caps.has('draft/pre-away')) {
    downstream.numeric('451', 'You have not registered')
    return
  }
  downstream.isAway = text !== ''
  downstream.awayText = text.slice(0, MAX_TEXT)
  downstream.awayAt = downstream.clock.now()
  if (downstream.isAway) downstream.numeric('306', 'You have been marked as being away')
  else downstream.numeric('305', 'You are no longer marked as being away')
  downstream.user?.updateAway()
}
