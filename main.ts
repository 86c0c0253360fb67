// Every service of the bundle, under the one command.
import { service as bouncer } from '@fuchsbau/bouncer/main.ts'
import { service as fediverse } from '@fuchsbau/fediverse/main.ts'
import { service as registry } from '@fuchsbau/registry/main.ts'
import { run } from './command.ts'

await run([fediverse, bouncer, registry])
