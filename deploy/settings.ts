// Every setting of the bundle: a variable of the manifests, what it means, and how it is asked for. The files that
// `deploy init` writes, the README's table and a test of the manifests are made from this.
import { nearest } from '@fuchsbau/shared/nearest.ts'
import {
  address,
  addressAt,
  addressOrName,
  asn,
  certificates,
  digest,
  domain,
  email,
  httpsUrl,
  image,
  network,
  networks,
  objectName,
  type Parse,
  path,
  publicKey,
  replicas,
  schedule,
  size,
  tag,
  user,
  word,
} from './value.ts'

export type Values = Readonly<Record<string, string>>

export interface BundleSetting {
  name: string
  group: Group
  /** A sentence for the owner; the question, too. */
  about: string
  example: string
  /** What the manifests use where it is not set. Absent: it is required. */
  fallback?: string
  /** A proposal, from what is known already. */
  propose?(values: Values): string | undefined
  /** Whether `init` asks for it where it is not given; others are left at their default. */
  isAsked: boolean
  parse: Parse
}

/** In the order in which they are asked for and written. */
export const groups = ['Names', 'Network', 'Vault', 'Storage', 'Images', 'Lab'] as const
type Group = (typeof groups)[number]

type Rest = Partial<Pick<BundleSetting, 'propose' | 'isAsked'>> & { default?: string }

export const settings: readonly BundleSetting[] = [
  required(
    'Names',
    'DOMAIN',
    domain,
    'this-is-fine.io',
    'Your domain: oci., auth., ts. and irc. are below it.',
  ),
  required(
    'Names',
    'SOCIAL_DOMAIN',
    domain,
    'this-is-fine.social',
    'The domain of your fediverse address. It can never be changed afterwards.',
    {
      propose: ({ DOMAIN }) => nameOf(DOMAIN) && `${nameOf(DOMAIN)}.social`,
    },
  ),
  required(
    'Names',
    'INTERNAL_DOMAIN',
    domain,
    'this-is-fine.internal',
    'The domain of pages for browsers at home, with certificates from Vault.',
    {
      propose: ({ DOMAIN }) => nameOf(DOMAIN) && `${nameOf(DOMAIN)}.internal`,
    },
  ),
  required(
    'Names',
    'TAILNET_DOMAIN',
    domain,
    'tif.internal',
    'The domain of names for devices of the tailnet.',
    {
      propose: ({ DOMAIN }) => initialsOf(nameOf(DOMAIN)),
    },
  ),
  optional(
    'Names',
    'OWNER',
    user,
    'you',
    'Your user name, in all services: @OWNER@SOCIAL_DOMAIN.',
    { isAsked: true },
  ),
  required('Names', 'ACME_EMAIL', email, 'you@this-is-fine.io', "Where Let's Encrypt writes to.", {
    propose: ({ OWNER = 'you', DOMAIN }) => DOMAIN && `${OWNER}@${DOMAIN}`,
  }),
  optional(
    'Names',
    'ISSUER',
    objectName,
    'letsencrypt',
    'Who signs the public certificates; letsencrypt-staging while you try things out.',
  ),

  required(
    'Network',
    'LB_POOL',
    network,
    '192.0.2.0/28',
    'Addresses for the Gateways, of no other use: the router learns them by BGP.',
  ),
  required(
    'Network',
    'EXTERNAL_ADDRESS',
    address,
    '192.0.2.1',
    'The Gateway for the internet: the router forwards 80, 443 and 6697 to it.',
    proposed(1),
  ),
  required(
    'Network',
    'PUBLIC_ADDRESS',
    addressOrName,
    '203.0.113.10',
    "What the internet's DNS says for your names: the router's public address, or a name that follows it.",
  ),
  required(
    'Network',
    'INTERNAL_ADDRESS',
    address,
    '192.0.2.2',
    'The Gateway for browsers at home.',
    proposed(2),
  ),
  required(
    'Network',
    'TAILNET_ADDRESS',
    address,
    '192.0.2.3',
    'The Gateway for devices of the tailnet.',
    proposed(3),
  ),
  required(
    'Network',
    'TAILNET_DNS_ADDRESS',
    address,
    '192.0.2.4',
    'The DNS server for names of TAILNET_DOMAIN.',
    proposed(4),
  ),
  required(
    'Network',
    'ROUTER_ADDRESS',
    address,
    '192.168.1.1',
    'The router (UDM-SE), as the nodes see it: it peers by BGP.',
  ),
  optional('Network', 'BGP_ASN', asn, '64512', 'The number of both sides of BGP.', {
    isAsked: true,
  }),
  optional(
    'Network',
    'POD_CIDR',
    network,
    '10.244.0.0/16',
    'Addresses of pods (Talos: cluster.network.podSubnets).',
    { isAsked: true },
  ),
  optional(
    'Network',
    'TAILNET_ROUTES',
    networks,
    '10.96.0.0/12',
    'What devices of the tailnet reach: the Services of the cluster (Talos: cluster.network.serviceSubnets), and other networks with commas.',
    { isAsked: true },
  ),
  optional(
    'Network',
    'KUBERNETES_ADDRESS',
    address,
    '10.96.0.1',
    'The Kubernetes API as pods see it: the first address of the Services.',
    { isAsked: true, propose: ({ TAILNET_ROUTES }) => firstService(TAILNET_ROUTES) },
  ),

  required(
    'Vault',
    'VAULT_ADDRESS',
    httpsUrl,
    'https://vault.this-is-fine.internal:8200',
    'Vault, as pods reach it.',
    {
      propose: ({ INTERNAL_DOMAIN }) => INTERNAL_DOMAIN && `https://vault.${INTERNAL_DOMAIN}:8200`,
    },
  ),
  required(
    'Vault',
    'VAULT_CA',
    certificates,
    '@vault-ca.pem',
    "The certificate that Vault's own comes from: @FILE reads it.",
  ),
  optional('Vault', 'VAULT_MOUNT', path, 'secret', 'The mount of its key-value store (version 2).'),
  optional(
    'Vault',
    'VAULT_PKI',
    path,
    'pki_int/sign/fuchsbau',
    'Where it signs certificates: MOUNT/sign/ROLE.',
  ),

  optional(
    'Storage',
    'STORAGE_CLASS',
    objectName,
    'ceph-block',
    'The class of volumes: block devices with snapshots.',
    { isAsked: true },
  ),
  optional(
    'Storage',
    'SNAPSHOT_DRIVER',
    objectName,
    'rook-ceph.rbd.csi.ceph.com',
    'The CSI driver of that class.',
  ),
  optional(
    'Storage',
    'SNAPSHOT_CLASS',
    objectName,
    'fuchsbau',
    'The name of the snapshot class that is made.',
  ),
  optional('Storage', 'CEPH_CLUSTER', objectName, 'rook-ceph', "The namespace of Rook's cluster."),
  optional('Storage', 'FEDIVERSE_SIZE', size, '20Gi', 'Volume of the fediverse server.'),
  optional('Storage', 'BOUNCER_SIZE', size, '10Gi', 'Volume of the bouncer.'),
  optional('Storage', 'REGISTRY_SIZE', size, '5Gi', "Volume of the registry's accounts and audit."),
  optional('Storage', 'ZOT_SIZE', size, '100Gi', 'Volume of the images.'),
  optional('Storage', 'POCKET_ID_SIZE', size, '1Gi', 'Volume of Pocket ID.'),
  optional('Storage', 'HEADSCALE_SIZE', size, '1Gi', 'Volume of Headscale.'),
  optional(
    'Storage',
    'BACKUP_SCHEDULE',
    schedule,
    '17 3 * * *',
    'When backups are made (cron, UTC).',
  ),

  required(
    'Images',
    'COSIGN_KEY',
    publicKey,
    '@cosign.pub',
    'The public key by which CI signs images: @FILE reads it. What it has not signed does not run.',
  ),
  required('Images', 'FUCHSBAU_VERSION', tag, '0.1.0', 'The version of our services that runs.'),
  required(
    'Images',
    'REGISTRY_IMAGE',
    image,
    'ghcr.io/you/fuchsbau-registry:0.1.0',
    "The registry's own image, from elsewhere: after an outage it cannot come from itself.",
    {
      propose: ({ OWNER = 'you', FUCHSBAU_VERSION }) =>
        FUCHSBAU_VERSION && `ghcr.io/${OWNER}/fuchsbau-registry:${FUCHSBAU_VERSION}`,
    },
  ),
  lookedUp('FEDIVERSE_DIGEST', 'The fediverse server.'),
  lookedUp('BOUNCER_DIGEST', 'The bouncer.'),
  ...third('ZOT', 'v2.1.20', 'Zot, which keeps the images.'),
  ...third('POCKET_ID', 'v2.14.0-distroless', 'Pocket ID.'),
  ...third('HEADSCALE', '0.29.4', 'Headscale.'),
  ...third('HEADSCALE_UI', '2026.03.17', "Headscale's pages for administrators."),
  ...third('TAILSCALE', 'v1.102.5', "The tailnet's node and subnet router."),
  ...third('COREDNS', '1.15.0', 'CoreDNS, for names of the tailnet.'),
  ...third('INSPIRCD', '4.11.0', 'InspIRCd.'),
  optional(
    'Images',
    'UNIFI_WEBHOOK_TAG',
    tag,
    'v0.8.1',
    "The part of external-dns that writes to the router's DNS.",
  ),

  optional('Lab', 'IRC_NETWORK', word, 'Lab', 'The name of your IRC network.'),
  optional(
    'Lab',
    'REPLICAS',
    replicas,
    '1',
    'How many of each of our services run: 0 stops them, as for a restore. More than one cannot be.',
  ),
  optional(
    'Lab',
    'SOURCE_KIND',
    word,
    'GitRepository',
    'What Flux takes the bundle from; init sets it.',
  ),
]

/** What is wrong with a value by itself, as a sentence; undefined: nothing. */
export function problemOf(
  { name, example, parse }: BundleSetting,
  text: string,
): string | undefined {
  const parsed = parse(text)
  if (parsed.ok) return
  return `${name} is "${shortened(text)}": it must be ${parsed.expected}, such as ${example}`
}

export function settingOf(name: string): BundleSetting | undefined {
  return settings.find((setting) => setting.name === name)
}

/** What is wrong with a name that is no setting. */
export function unknown(name: string): string {
  const meant = nearest(
    name,
    settings.map((setting) => setting.name),
  )
  return `${name} is no setting${meant === undefined ? '' : `: did you mean ${meant}?`}`
}

/** The value that counts: the given one, or the default. */
export function effective(values: Values, name: string): string | undefined {
  return values[name] ?? settingOf(name)?.fallback
}

/** The rows of the README's table. */
export function settingsTable(): string {
  const rows = settings.map(({ name, about, fallback, example }) => {
    const given = fallback === undefined ? '**required**' : `\`${fallback}\``
    return `| \`${name}\` | ${given} | ${about} ${fallback === undefined ? `(\`${shortened(example)}\`)` : ''}`
      .trimEnd()
      .concat(' |')
  })
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n')
}

function required(
  group: Group,
  name: string,
  parse: Parse,
  example: string,
  about: string,
  rest: Rest = {},
): BundleSetting {
  return { name, group, parse, example, about, isAsked: true, ...rest }
}

function optional(
  group: Group,
  name: string,
  parse: Parse,
  fallback: string,
  about: string,
  rest: Rest = {},
): BundleSetting {
  return { name, group, parse, example: fallback, fallback, about, isAsked: false, ...rest }
}

/** A digest that `init` looks up. */
function lookedUp(name: string, about: string): BundleSetting {
  return required('Images', name, digest, `sha256:${'0'.repeat(64)}`, about, { isAsked: false })
}

function third(prefix: string, version: string, about: string): BundleSetting[] {
  return [
    optional('Images', `${prefix}_VERSION`, tag, version, about),
    lookedUp(`${prefix}_DIGEST`, 'Its digest.'),
  ]
}

function proposed(step: number): Rest {
  return { propose: ({ LB_POOL }) => LB_POOL && addressAt(LB_POOL, step) }
}

/** Of a cluster: the API has the first address of its Services. */
function firstService(routes: string | undefined): string | undefined {
  return routes === undefined ? undefined : addressAt(routes.split(',')[0] ?? '', 1)
}

function nameOf(name: string | undefined): string | undefined {
  return name?.split('.').at(-2)
}

/** this-is-fine → tif.internal; a single word has nothing to be shortened. */
function initialsOf(name: string | undefined): string | undefined {
  if (!name) return
  const words = name.split('-')
  const short = words.length > 1 ? words.map((each) => each[0] ?? '').join('') : `tail-${name}`
  return `${short}.internal`
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
