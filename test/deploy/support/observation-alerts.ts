// When each alert is to fire, and when not, as promtool's unit tests of rules take it: a sample a minute.
// https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/

export interface AlertCase {
  alert: string
  /** What happens, in words. */
  when: string
  /** Values by series, in promtool's notation. */
  series: Record<string, string>
  /** When it is looked at, such as `20m`. */
  at: string
  /** Labels of each alert that fires, without those of the rule; none: all is quiet. */
  fires: Record<string, string>[]
}

type Series = AlertCase['series']

const scraped = (job: string) => ({ job, instance: `${job}:3009` })

/** A name with labels, as a service's target gives them. */
function series(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `${name}{${pairs.join(',')}}`
}

const of = (job: string, name: string, labels: Record<string, string> = {}) =>
  series(name, { ...labels, ...scraped(job) })

const fires = (
  alert: string,
  when: string,
  at: string,
  given: Series,
  ...labels: Series[]
): AlertCase => ({
  alert,
  when,
  at,
  series: given,
  fires: labels,
})

const quiet = (alert: string, when: string, at: string, given: Series): AlertCase => ({
  alert,
  when,
  at,
  series: given,
  fires: [],
})

function down(alert: string, job: string): AlertCase[] {
  const up = of(job, 'up')
  return [
    fires(alert, 'it ends', '10m', { [up]: '1x3 0x10' }, {}),
    fires(alert, 'it was never there', '6m', {}, {}),
    quiet(alert, 'it starts again', '10m', { [up]: '1x3 0x3 1x10' }),
  ]
}

const FEDI = 'fuchsbau_fediverse_'
const waiting = of('fediverse', `${FEDI}delivery_waiting_hosts`)
const open = of('fediverse', `${FEDI}delivery_open_circuits`)
const attempts = (outcome: string) =>
  of('fediverse', `${FEDI}delivery_attempt_seconds_count`, { outcome })
const ended = (outcome: string) => of('fediverse', `${FEDI}deliveries_total`, { outcome })
const effects = of('fediverse', `${FEDI}effects_total`, { outcome: 'failed' })
const inbox = (outcome: string) => of('fediverse', `${FEDI}inbox_total`, { outcome })

const fediverse: AlertCase[] = [
  ...down('FediverseDown', 'fediverse'),
  fires(
    'FediverseDeliveryQueueStuck',
    'something is due and nothing is tried',
    '40m',
    { [waiting]: '3x60', [attempts('delivered')]: '9x60', [attempts('failed')]: '2x60' },
    scraped('fediverse'),
  ),
  quiet('FediverseDeliveryQueueStuck', 'much is due, and it is being tried', '40m', {
    [waiting]: '300x60',
    [attempts('delivered')]: '9x60',
    [attempts('failed')]: '0+1x60',
  }),
  quiet('FediverseDeliveryQueueStuck', 'only servers that are gone wait for their next try', '3h', {
    [of('fediverse', `${FEDI}deliveries_queued`)]: '40x200',
    [waiting]: '0x200',
    [attempts('failed')]: '5x200',
  }),
  fires(
    'FediverseDeliveriesFail',
    'all servers are away at once',
    '5h',
    {
      [open]: '2x250 2+1x10 12x100',
      [ended('delivered')]: '50x400',
      [ended('refused')]: '0+1x400',
    },
    scraped('fediverse'),
  ),
  quiet('FediverseDeliveriesFail', 'dead servers wait while its owner sleeps', '11h', {
    [open]: '30x700',
    [ended('delivered')]: '50x700',
  }),
  quiet('FediverseDeliveriesFail', 'a post went out, but for dead servers', '5h', {
    [open]: '0x250 30x100',
    [ended('delivered')]: '50x240 90x110',
  }),
  quiet('FediverseDeliveriesFail', 'dead servers are there again after a restart', '5h', {
    [open]: '30x280 0 30x100',
    [ended('delivered')]: '50x400',
  }),
  fires(
    'FediverseEffectsFail',
    'one fails',
    '10m',
    { [effects]: '0x5 1x10' },
    { ...scraped('fediverse'), outcome: 'failed' },
  ),
  quiet('FediverseEffectsFail', 'one failed yesterday', '30h', { [effects]: '0x5 1x2000' }),
  fires(
    'FediverseInboxErrors',
    'the volume is full',
    '10m',
    { [inbox('503')]: '0+1x30', [inbox('accepted')]: '0+1x30' },
    { ...scraped('fediverse'), outcome: '503' },
  ),
  quiet('FediverseInboxErrors', 'strangers sign wrongly', '10m', {
    [inbox('503')]: '0x30',
    [inbox('401')]: '0+50x30',
  }),
]

const BOUNCER = 'fuchsbau_bouncer_'
const networks = (state: string) => of('bouncer', `${BOUNCER}networks`, { state })
const failed = of('bouncer', `${BOUNCER}store_failed`)
const lag = of('bouncer', `${BOUNCER}network_lag_seconds`)
const bouncerLogins = (outcome: string) => of('bouncer', `${BOUNCER}logins_total`, { outcome })

const bouncer: AlertCase[] = [
  ...down('BouncerDown', 'bouncer'),
  fires(
    'BouncerUpstreamDown',
    'a network is away, tried again and again',
    '25m',
    { [networks('waiting')]: '0x5 1x2 0 1x30', [networks('connecting')]: '0x8 1 0x30' },
    { job: 'bouncer' },
  ),
  quiet('BouncerUpstreamDown', 'it connects, and another one is disabled', '25m', {
    [networks('waiting')]: '1x5 0x30',
    [networks('connecting')]: '0x30',
    [networks('connected')]: '1x5 2x30',
    [networks('disabled')]: '1x30',
  }),
  fires('BouncerStoreFailed', 'it takes nothing', '3m', { [failed]: '0 1x5' }, scraped('bouncer')),
  quiet('BouncerStoreFailed', 'it takes things again', '9m', { [failed]: '1x5 0x5' }),
  fires('BouncerNetworkSlow', 'a PONG is late', '15m', { [lag]: '45x20' }, scraped('bouncer')),
  quiet('BouncerNetworkSlow', 'a PONG was late once', '15m', { [lag]: '1x5 45 1x20' }),
  fires(
    'BouncerLogins',
    'somebody guesses',
    '10m',
    { [bouncerLogins('refused')]: '0+4x20', [bouncerLogins('slowed')]: '0+10x20' },
    { job: 'bouncer' },
  ),
  quiet('BouncerLogins', 'clients come, one with an old password', '10m', {
    [bouncerLogins('ok')]: '0+100x20',
    [bouncerLogins('refused')]: '0+1x20',
  }),
]

const REGISTRY = 'fuchsbau_registry_'
const failures = (reason: string) =>
  of('registry', `${REGISTRY}upstream_failures_total`, { reason })
const misuse = (reason: string) => of('registry', `${REGISTRY}token_misuse_total`, { reason })
const registryLogins = (outcome: string) =>
  of('registry', `${REGISTRY}logins_total`, { by: 'password', outcome })
const registryFailed = of('registry', `${REGISTRY}store_failed`)
const webhook = of('registry', `${REGISTRY}webhook_oldest_seconds`, { hook: 'flux' })
const reads = (outcome: string) => of('registry', `${REGISTRY}policy_reads_total`, { outcome })
const rechecks = (outcome: string) => of('registry', `${REGISTRY}rechecks_total`, { outcome })
const evaluation = of('registry', `${REGISTRY}evaluation_storage`)
const keyAge = of('registry', `${REGISTRY}signing_key_age_seconds`)

const registry: AlertCase[] = [
  ...down('RegistryDown', 'registry'),
  fires(
    'RegistryUpstreamFails',
    'Zot has another key',
    '10m',
    { [failures('unauthorized')]: '0+1x20', [failures('status')]: '0x20' },
    { reason: 'unauthorized' },
  ),
  quiet('RegistryUpstreamFails', 'Zot was away for a moment', '15m', {
    [failures('unreachable')]: '0 3x20',
  }),
  fires(
    'RegistryTokenMisuse',
    'a revoked token is used',
    '10m',
    { [misuse('revoked')]: '0x5 1x20' },
    { reason: 'revoked' },
  ),
  quiet('RegistryTokenMisuse', 'tokens expire', '10m', {
    [misuse('expired')]: '0+9x20',
    [misuse('revoked')]: '0x20',
  }),
  fires(
    'RegistryLogins',
    'somebody guesses',
    '10m',
    { [registryLogins('wrong')]: '0+4x20', [registryLogins('throttled')]: '0+10x20' },
    { job: 'registry' },
  ),
  quiet('RegistryLogins', 'many log in', '10m', { [registryLogins('ok')]: '0+90x20' }),
  fires(
    'RegistryStoreFailed',
    'it takes nothing',
    '3m',
    { [registryFailed]: '0 1x5' },
    scraped('registry'),
  ),
  quiet('RegistryStoreFailed', 'it takes things again', '9m', { [registryFailed]: '1x5 0x5' }),
  fires(
    'RegistryWebhookStuck',
    'nobody takes it',
    '90m',
    { [webhook]: '0+60x100' },
    { ...scraped('registry'), hook: 'flux' },
  ),
  quiet('RegistryWebhookStuck', 'it is taken late', '90m', { [webhook]: '0+60x20 0x100' }),
  fires(
    'RegistryPolicyRefused',
    'a new one is wrong',
    '10m',
    { [reads('refused')]: '0x5 1x10' },
    { ...scraped('registry'), outcome: 'refused' },
  ),
  quiet('RegistryPolicyRefused', 'a new one is right', '10m', { [reads('used')]: '1x5 2x10' }),
  fires(
    'RegistryProviderAway',
    'it does not answer',
    '30m',
    { [rechecks('failed')]: '0+1x40' },
    { ...scraped('registry'), outcome: 'failed' },
  ),
  quiet('RegistryProviderAway', 'it answers', '30m', {
    [rechecks('here')]: '0+5x40',
    [rechecks('failed')]: '0 2x40',
  }),
  fires(
    'RegistryEvaluationStorage',
    'Zot is not named',
    '1m',
    { [evaluation]: '1x5' },
    scraped('registry'),
  ),
  quiet('RegistryEvaluationStorage', 'Zot is named', '1m', { [evaluation]: '0x5' }),
  fires(
    'RegistrySigningKeyOld',
    'it is a year old',
    '5m',
    { [keyAge]: '31536000+60x9' },
    scraped('registry'),
  ),
  quiet('RegistrySigningKeyOld', 'it was changed', '5m', { [keyAge]: '31536000 0+60x9' }),
]

const requests = (service: string, group: string) =>
  of(service, 'fuchsbau_http_requests_total', { service, class: group })
const certificate = (name: string, namespace: string) =>
  series('certmanager_certificate_expiration_timestamp_seconds', { name, namespace })
const backup = { obj_name: 'fediverse-data', obj_namespace: 'fediverse', role: 'source' }
const late = series('volsync_volume_out_of_sync', backup)
const missed = series('volsync_missed_intervals_total', backup)
const secret = (status: string) =>
  series('externalsecret_status_condition', {
    name: 'bouncer',
    namespace: 'bouncer',
    condition: 'Ready',
    status,
  })
const volume = { namespace: 'registry', persistentvolumeclaim: 'zot-data' }
const available = series('kubelet_volume_stats_available_bytes', volume)
const capacity = series('kubelet_volume_stats_capacity_bytes', volume)
const flux = (labels: Record<string, string>) => series('gotk_resource_info', labels)
const kustomization = { customresource_kind: 'Kustomization', name: 'registry', ready: 'False' }

const lab: AlertCase[] = [
  fires(
    'ServiceErrors',
    'one request of ten fails',
    '30m',
    { [requests('registry', '5xx')]: '0+1x40', [requests('registry', '2xx')]: '0+9x40' },
    { service: 'registry' },
  ),
  quiet('ServiceErrors', 'few fail, of few or of many', '30m', {
    [requests('bouncer', '5xx')]: '0x20 1x20',
    [requests('bouncer', '2xx')]: '0x20 2x20',
    [requests('fediverse', '5xx')]: '0+1x40',
    [requests('fediverse', '2xx')]: '0+90x40',
  }),
  fires(
    'CertificateExpires',
    'it was not renewed',
    '2h',
    { [certificate('social', 'gateways')]: '500000x200' },
    { name: 'social', namespace: 'gateways' },
  ),
  quiet('CertificateExpires', 'it is renewed, and another one is not ours', '2h', {
    [certificate('social', 'gateways')]: '500000x30 8000000x200',
    [certificate('shop', 'shop')]: '500000x200',
  }),
  fires('BackupStale', 'none since yesterday', '8h', { [late]: '0x60 1x500' }, backup),
  quiet('BackupStale', 'one takes five hours', '8h', { [late]: '0x60 1x300 0x200' }),
  fires('BackupMissed', 'one was left out', '5h', { [missed]: '2x60 3x300' }, backup),
  quiet('BackupMissed', 'one was left out last week', '100h', { [missed]: '2x60 3x6000' }),
  fires('BackupUnknown', 'VolSync is silent', '2h', {}, { role: 'source' }),
  quiet('BackupUnknown', 'VolSync speaks', '2h', { [late]: '0x200' }),
  fires(
    'SecretNotRead',
    'Vault is sealed',
    '20m',
    { [secret('False')]: '1x30', [secret('True')]: '0x30' },
    { name: 'bouncer', namespace: 'bouncer', condition: 'Ready', status: 'False' },
  ),
  quiet('SecretNotRead', 'Vault was sealed', '20m', {
    [secret('False')]: '1x10 0x30',
    [secret('True')]: '0x10 1x30',
  }),
  fires(
    'VolumeFull',
    'a twentieth is free',
    '15m',
    { [available]: '5x30', [capacity]: '100x30' },
    volume,
  ),
  quiet('VolumeFull', 'it is grown', '15m', {
    [available]: '5x5 55x30',
    [capacity]: '100x5 150x30',
  }),
  fires(
    'FluxNotReady',
    'a manifest is refused',
    '40m',
    { [flux(kustomization)]: '1x60' },
    kustomization,
  ),
  quiet('FluxNotReady', 'the owner suspended it, or it works', '40m', {
    [flux({ ...kustomization, suspended: 'true' })]: '1x60',
    [flux({ ...kustomization, name: 'bouncer', ready: 'True' })]: '1x60',
  }),
]

export const alertCases: readonly AlertCase[] = [...fediverse, ...bouncer, ...registry, ...lab]
