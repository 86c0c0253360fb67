// The command line's `import`, with its help. What does it is loaded when it is run.

import type { Verb } from '@fuchsbau/shared/service.ts'
import type { settings } from '../settings.ts'

export const importVerb: Verb<typeof settings> = {
  summary: 'Take over users, networks and history from ZNC or soju.',
  usage: 'znc DIR [--timezone ZONE] | soju FILE',
  help: `Stop the bouncer first. Nothing in DIR or FILE is changed.

\`znc DIR\` reads ZNC's data directory (~/.znc, /var/lib/znc): users with their passwords, networks, channels with keys,
perform, sasl, nickserv, cert and certauth, and the files of the log module. Their times are in the zone that the user had
set in ZNC, else in this machine's; --timezone says otherwise.

\`soju FILE\` reads soju's SQLite database (/var/lib/soju/main.db).

It says what it took, what it could not take, and why. Run it again at any time: what is here already stays as it is, and of
the history only what is new is taken.

Example:
  fuchsbau bouncer import znc /var/lib/znc --timezone Europe/Berlin`,
  run: async (options) => (await import('./run.ts')).runImport(options),
}
