// Every service of the bundle, and the bundle itself, under the one command.
import { service as bouncer } from '@fuchsbau/bouncer/main.ts'
import { service as fediverse } from '@fuchsbau/fediverse/main.ts'
import { service as registry } from '@fuchsbau/registry/main.ts'
import { run } from './command.ts'
import { deployCommands } from './deploy/commands.ts'

await run([fediverse, bouncer, registry], { deploy: deployCommands })
