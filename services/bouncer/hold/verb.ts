// The command line's `hold`, with its help. What does it is loaded when it is run.
import type { Verb } from '@fuchsbau/shared/service.ts'
import type { settings } from '../settings.ts'

export const holdVerb: Verb<typeof settings> = {
  summary: 'Hold the connections to the networks, so that the bouncer can be restarted unseen.',
  usage: '',
  help: `Listens at \`bouncer.holder\` (FUCHSBAU_BOUNCER_HOLDER) and connects to networks for the bouncer that has the same
setting. When the bouncer is stopped, it hands its connections over, and finds them again when it is started within
\`bouncer.hold_for\`; what was said meanwhile is kept for it. When nobody comes back, or the bouncer is killed, the networks
are left with \`bouncer.quit_message\`.

Start it before the bouncer, and leave it running: stopping it leaves all networks.

Example:
  FUCHSBAU_BOUNCER_HOLDER=/run/fuchsbau/holder.sock fuchsbau bouncer hold`,
  run: async (options) => (await import('./run.ts')).runHolder(options),
}
