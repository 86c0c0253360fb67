// Runs the service: the core, the inbox with its gate and effects, the delivery engine, the web server, the socket of
// the command line. Wires and closes; decides nothing.

import { openControl } from '@fuchsbau/shared/control.ts'
import { createHttp, listen } from '@fuchsbau/shared/http.ts'
import { openService, type RunningService, type ServeOptions } from '@fuchsbau/shared/service.ts'
import type { FastifyInstance } from 'fastify'
import { createUser } from './account/create.ts'
import { startDelivery } from './activitypub/delivery.ts'
import { makeOnGone } from './activitypub/delivery-gone.ts'
import { startEffects } from './activitypub/effects.ts'
import { makeGate } from './activitypub/gate.ts'
import { KeyCache } from './activitypub/key-cache.ts'
import { deliverLocally } from './activitypub/local.ts'
import { makePost } from './activitypub/outbound.ts'
import { makeVerifyForwarded } from './activitypub/proof.ts'
import { operate } from './admin/operate.ts'
import { makeAnswers } from './answers.ts'
import { type AppParts, registerRoutes } from './app.ts'
import { type Core, openCore, SOFTWARE } from './core.ts'
import { makeWebDeps } from './pages.ts'
import { startPolls } from './post/polls.ts'
import type { settings } from './settings.ts'
import { whenUnlocked } from './store/lock.ts'
import { MediaSweep } from './store/media-sweep.ts'
import { savedKeys } from './store/saved-keys.ts'
import { makePages } from './web/routes.ts'

const MAINTAIN_EVERY_MS = 10_000
const DELIVERY_DEADLINE_MS = 10_000
const UPLOAD_MS = 2 * 3_600_000

type Options = ServeOptions<typeof settings>

/** Starts to serve; resolves when it listens. */
export function serve(options: Options): Promise<RunningService> {
  return openService((opened) => open(options, opened))
}

async function open(options: Options, opened: AsyncDisposableStack) {
  const { config, log, clock, metrics, say, ownerPassword } = options
  const core = await whenUnlocked(() => openCore(config, log, clock), clock, say)
  opened.defer(() => core.close())
  const { context, remote, signerOf, blockedHosts } = core
  const { store, urls } = context
  const { own } = config
  tellRecovery(core)
  const isNew = await makeOwner(core, own.owner, ownerPassword)

  const post = makePost(remote, signerOf, blockedHosts)
  const delivery = startDelivery({
    store,
    clock,
    log,
    metrics,
    random: Math.random,
    post: (queued, body, signal) =>
      urls.isLocal(queued.inbox)
        ? deliverLocally(context, queued, body, (accepted) => effects.start(accepted))
        : post(queued, body, signal),
    onGone: makeOnGone(context),
    limits: { giveUpMs: own.giveUpAfter },
  })
  opened.defer(() => delivery.close(DELIVERY_DEADLINE_MS))
  core.onWake((deliveries) => delivery.wake(deliveries))
  const polls = startPolls(context)
  opened.defer(() => polls.close())
  const effects = startEffects(context, metrics)
  opened.defer(() => effects.close())

  const keys = new KeyCache({
    remote,
    clock,
    saved: savedKeys(store.tree),
    onActor: (document) => void context.actors.remember(document),
  })
  const verifyForwarded = makeVerifyForwarded({ remote, keys, clock })
  const onLife = (host: string) => delivery.noteLife(host)
  const gate = makeGate({ context, keys, metrics, verifyForwarded, blockedHosts, onLife })
  const app = makeApp(options, { context, gate, effects })
  opened.defer(() => app.close())
  const parts = { context, delivery, owner: own.owner }
  opened.defer(await openControl(store.directory, (verb, args) => operate(parts, verb, args)))
  const listening = await listen(app, own.listen)
  const sweep = new MediaSweep(store.tree, clock)
  const maintenance = setInterval(() => maintain(core, sweep), MAINTAIN_EVERY_MS)
  opened.defer(() => clearInterval(maintenance))
  if (isNew) say(`First login: ${urls.base}/login  user ${own.owner}`)

  return {
    url: urls.base,
    listening,
    notReady: () => store.tree.unavailable(),
  }
}

/** The web server with all routes. */
function makeApp(
  { config, log, metrics }: Options,
  { context, gate, effects }: Pick<AppParts, 'context' | 'gate' | 'effects'>,
): FastifyInstance {
  const { own } = config
  const answers = makeAnswers(context)
  const pages = makePages(makeWebDeps({ context, answers, config }))
  const app = createHttp({
    log,
    metrics,
    name: 'fediverse',
    trustProxy: config.trustProxy,
    limits: { uploadMs: UPLOAD_MS },
    notFound: pages.notFound,
  })
  registerRoutes(app, {
    context,
    gate,
    effects,
    answers,
    software: SOFTWARE,
    maxActivity: own.maxActivity,
    isFetchAuthorized: own.authorizedFetch,
    pages,
  })
  return app
}

/** Says what opening found, when it was more than an orderly close. */
function tellRecovery({ context: { store, log } }: Core): void {
  const { recovery } = store
  const { restored, indexed, damaged } = recovery
  if (restored + indexed + damaged > 0) log.info(recovery, 'recovered from the journal')
}

/** The owner's account at the first start; returns whether its password was made just now. */
async function makeOwner(
  { context }: Core,
  name: string,
  ownerPassword: Options['ownerPassword'],
): Promise<boolean> {
  if (context.store.users.names().length > 0) return false
  const { password, isMade } = ownerPassword()
  await createUser(context, name, password)
  return isMade
}

function maintain({ context: { store, log } }: Core, sweep: MediaSweep): void {
  try {
    store.maintain()
    const removed = sweep.turn()
    if (removed.length > 0) log.info({ removed }, 'uploads that nothing names are removed')
  } catch (error) {
    log.error({ err: error }, 'housekeeping of the store failed')
  }
}
