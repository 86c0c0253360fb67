// What ZNC's users type from habit as commands: `/quote ZNC help`, `/quote DETACH #den`.
import { type Message, message } from '../../irc/message.ts'
import { toService } from '../../service/bouncerserv.ts'
import { isModule } from '../../service/modules.ts'
import { STATUS_NICK } from '../../service/names.ts'
import type { Downstream } from '../downstream.ts'
import { onPart } from './join.ts'

/** `ZNC *module words` or `ZNC words`, which are for *status. The words may be passwords: none goes to a network. */
export function onZnc(downstream: Downstream, { params }: Message): void {
  const [first = '', ...rest] = params
  const [target, words] = isModule(first) ? [first, rest] : [STATUS_NICK, params]
  toService(downstream, message('PRIVMSG', target, words.join(' ')))
}

export function onDetach(downstream: Downstream, { params }: Message): void {
  onPart(downstream, message('PART', params.join(','), 'detach'))
}
