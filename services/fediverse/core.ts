// The service without its front doors: store, remote side and verbs. Served, or opened by the command line alone.

import { join } from 'node:path'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { ServiceConfig } from '@fuchsbau/shared/settings.ts'
import { makeRemoteActors } from './activitypub/actors.ts'
import { type BlockedHosts, blockHosts, withoutBlocked } from './activitypub/blocked-hosts.ts'
import { withLocal } from './activitypub/local.ts'
import { makeSigners } from './activitypub/outbound.ts'
import { makeProver } from './activitypub/proof-maker.ts'
import { Remote } from './activitypub/remote.ts'
import type { Signer } from './activitypub/signature.ts'
import { lookupHandle } from './activitypub/webfinger-client.ts'
import type { Context, Fetching } from './context.ts'
import manifest from './package.json' with { type: 'json' }
import type { settings } from './settings.ts'
import type { Delivery } from './store/queue.ts'
import { openStore } from './store/store.ts'
import { makeTids, makeUrls } from './urls.ts'

export type Config = ServiceConfig<typeof settings>

export const SOFTWARE = { name: 'fuchsbau', version: manifest.version }

export interface Core {
  context: Context
  remote: Remote
  blockedHosts: BlockedHosts
  signerOf(user: string): Signer | undefined
  /** Set by whoever starts the delivery engine; until then deliveries wait on disk. */
  onWake(wake: (deliveries: readonly Delivery[]) => void): void
  close(): Promise<void>
}

/** Where the service keeps its tree. */
export const dataDirectory = (config: Config) => join(config.data, 'fediverse')

/**
 * Opens the tree and connects what works on it.
 * @throws StoreLocked when a server (or another command) has the tree.
 */
export function openCore(config: Config, log: Log, clock: Clock): Core {
  const { own } = config
  const urls = makeUrls(own.url)
  const store = openStore({
    directory: dataDirectory(config),
    boundTo: urls.base,
    clock,
    retentionMs: own.journalRetention,
    minFreeBytes: own.minFree,
  })
  const signerOf = makeSigners(store, urls)
  const remote = new Remote({
    clock,
    userAgent: `Fuchsbau/${SOFTWARE.version} (+${urls.base}/)`,
    allowPrivateAddress: config.allowPrivateAddress,
    // Peers with authorized fetch answer signed requests only; whose key it is does not matter for public things.
    signer: () => signerOf(own.owner) ?? signerOf(store.users.names()[0] ?? ''),
  })
  const elsewhere: Fetching = {
    fetchDocument: (url) => remote.fetchDocument(url),
    lookupHandle: (handle) => lookupHandle(remote, handle),
  }
  const blockedHosts = blockHosts(own.blockedHosts)
  const fetching = withLocal(withoutBlocked(elsewhere, blockedHosts), () => context)
  let wake = (_: readonly Delivery[]): void => {}
  const context: Context = {
    urls,
    clock,
    log,
    store,
    fetching,
    actors: makeRemoteActors(store.tree, fetching, clock),
    prove: makeProver(store, urls, clock),
    wake: (deliveries) => wake(deliveries),
    newTid: makeTids(() => clock.now()),
  }
  return {
    context,
    remote,
    blockedHosts,
    signerOf,
    onWake(next) {
      wake = next
    },
    async close() {
      await remote.close()
      await store.close()
    },
  }
}
