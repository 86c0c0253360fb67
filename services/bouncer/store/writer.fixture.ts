// A process that stores turns of lines as fast as it can until it is killed, and says on its standard output which turns
// were committed. Arguments: directory, number of the first turn.

import { writeSync } from 'node:fs'
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { addNetwork, line } from './store.fixture.ts'
import { openStore } from './store.ts'

export const LINES_IN_TURN = 7

function run(directory: string, first: number): void {
  const store = openStore({ directory, clock: systemClock() })
  const { id } = store.networks.all()[0] ?? addNetwork(store)
  let turn = first
  let promised = first
  const write = () => {
    for (let n = 0; n < LINES_IN_TURN; n++) {
      const target = `#c${n % 3}`
      const msgid = n % 2 === 0 ? { msgid: `${turn}-${n}` } : {}
      store.messages.append(
        line(id, `${turn} ${n} words`, { target, foldedTarget: target, time: turn, ...msgid }),
      )
    }
    turn++
    setImmediate(write)
  }
  store.onCommitted(() => {
    // Written at once, as to a client's socket.
    for (; promised < turn; promised++) writeSync(1, `${promised}\n`)
  })
  write()
}

const [, script, directory, first] = process.argv
if (script === import.meta.filename && directory) run(directory, Number(first))
