// QUIT: the client goes, the person stays.
import type { Message } from '../../irc/message.ts'
import type { Downstream } from '../downstream.ts'

export function onQuit(downstream: Downstream, _message: Message): void {
  downstream.catchUp.quit()
  downstream.close('Goodbye')
}
