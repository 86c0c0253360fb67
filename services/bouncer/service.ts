// Runs the service: the store, the persons with their networks, the listeners. Wires and closes; decides nothing.
import { join } from 'node:path'
import { hashPassword } from '@fuchsbau/shared/password.ts'
import type { RunningService, ServeOptions } from '@fuchsbau/shared/service.ts'
import { Bouncer } from './bouncer.ts'
import { listenPlain } from './server.ts'
import type { settings } from './settings.ts'
import { openStore } from './store/store.ts'

/** Starts to serve; resolves when it listens. */
export async function serve({
  config,
  log,
  clock,
  metrics,
  say,
  ownerPassword,
}: ServeOptions<typeof settings>): Promise<RunningService> {
  const { own } = config
  const store = openStore({ directory: join(config.data, 'bouncer'), clock, log })
  const limits = { users: own.maxUsers, networks: own.maxNetworks, clients: own.maxClients }
  const bouncer = new Bouncer({ store, clock, log, metrics, serverName: own.hostname, limits })
  const made = await makeOwner(bouncer, own.owner, ownerPassword)
  const listener = await listenPlain(bouncer, own.plainListen ?? own.listen)
  bouncer.start()
  if (made) say(`First login to IRC: ${own.listen.host}:${own.listen.port} user ${own.owner}`)
  return {
    url: `irc://${listener.address}`,
    listening: listener.address,
    notReady: () => store.failure,
    async close() {
      await listener.close()
      await bouncer.close('the bouncer is stopped')
      store.close()
    },
  }
}

async function makeOwner(
  bouncer: Bouncer,
  name: string,
  ownerPassword: ServeOptions['ownerPassword'],
): Promise<boolean> {
  if (bouncer.users.size > 0) return false
  const { password, isMade } = ownerPassword()
  const record = bouncer.store.users.add({
    name,
    password: await hashPassword(password),
    isAdmin: true,
    isEnabled: true,
    nick: name,
    realname: name,
    bindAddress: '',
    createdAt: bouncer.clock.now(),
    subject: '',
  })
  if (record) bouncer.adopt(record)
  return isMade
}
