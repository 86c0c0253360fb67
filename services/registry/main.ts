// The door of the service: what the `fuchsbau` command knows about it. The rest is loaded when it is needed.
import type { Service } from '@fuchsbau/shared/service.ts'
import { verbs } from './admin/verbs.ts'
import { settings } from './settings.ts'

export const service: Service<typeof settings> = {
  name: 'registry',
  summary: 'Login and permissions in front of an OCI registry.',
  settings,
  serve: async (options) => (await import('./service.ts')).serve(options),
  verbs,
}
