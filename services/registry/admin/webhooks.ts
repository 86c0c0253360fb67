// The operator's verbs for webhooks: what they wait for, and whether they answer.
import type { ControlAnswer } from '@fuchsbau/shared/control.ts'
import type { Store } from '../store/store.ts'
import type { Announcer } from '../webhook/announcer.ts'

export interface OperatedWebhooks {
  store: Store
  webhooks: Announcer
}

export function listWebhooks({ store, webhooks }: OperatedWebhooks): ControlAnswer {
  const names = webhooks.hooks.map(({ name }) => name)
  const gone = store.webhookEvents.hooks().filter((name) => !names.includes(name))
  const lines = [
    ...(webhooks.problem === undefined ? [] : [`The file is not in force: ${webhooks.problem}`]),
    // The path of the address may be a secret between the two.
    ...webhooks.hooks.map(({ name, url }) => `${name}  ${url.origin}  ${stateOf(store, name)}`),
    ...gone.map((name) => `${name}  not configured any more  ${stateOf(store, name)}`),
  ]
  return { ok: true, lines: lines.length === 0 ? ['There are none.'] : lines }
}

export async function testWebhook(
  { webhooks }: OperatedWebhooks,
  [name = '']: string[],
): Promise<ControlAnswer> {
  const sent = await webhooks.test(name)
  if (!sent) return unknown(name)
  return sent.ok
    ? { ok: true, lines: [`${name} answered ${sent.status}.`] }
    : { ok: false, lines: [`${name} was not told: ${sent.error}.`] }
}

export function retryWebhook(
  { store, webhooks }: OperatedWebhooks,
  [name = '']: string[],
): ControlAnswer {
  if (!webhooks.hooks.some((hook) => hook.name === name)) return unknown(name)
  const waiting = counted(store.webhookEvents.pending(name))
  if (!webhooks.isStarted) {
    return { ok: false, lines: [`${waiting}: tried when the registry is started.`] }
  }
  webhooks.retry(name)
  return { ok: true, lines: [`${waiting}: tried now.`] }
}

function stateOf(store: Store, name: string): string {
  const { succeededAt, failedAt, error } = store.webhookEvents.state(name)
  const success = succeededAt === undefined ? 'never told' : `told ${timeOf(succeededAt)}`
  const failure =
    failedAt === undefined ? [] : [`failed ${timeOf(failedAt)}${error === '' ? '' : `: ${error}`}`]
  return [counted(store.webhookEvents.pending(name)), success, ...failure].join('  ')
}

const counted = (pending: number) => (pending === 1 ? '1 waits' : `${pending} wait`)
const timeOf = (at: number) => new Date(at).toISOString()
const unknown = (name: string): ControlAnswer => ({
  ok: false,
  lines: [`There is no webhook ${name}.`],
})
