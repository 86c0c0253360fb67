// The registry in a process of its own, which a test may kill. Its argument is the directory; it prints its address.
import { systemClock } from '@fuchsbau/shared/clock.ts'
import { createLog } from '@fuchsbau/shared/log.ts'
import { startEvaluation } from './server.ts'

const log = createLog({ level: 'info', toStderr: true })
const directory = process.argv[2] ?? ''
const options = { directory, log, clock: systemClock(), authorize: () => true }
console.log((await startEvaluation(options)).url)
