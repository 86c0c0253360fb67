// The settings of this service; the README's table is made from them.
import {
  address,
  boolean,
  duration,
  integer,
  list,
  secret,
  string,
  url,
} from '@fuchsbau/shared/setting.ts'

export const settings = {
  listen: address({
    default: '127.0.0.1:3002',
    about: 'Where the registry and its pages are served (plain HTTP; TLS ends before it).',
  }),
  url: url({
    default: 'http://localhost:3002',
    about: 'Address that clients and browsers use; its host stands before the names of images.',
  }),
  upstream: url({
    optional: true,
    example: 'http://zot:5000',
    about:
      'The registry that keeps the images. Without it a small built-in one does, for evaluation.',
  }),
  upstreamBearer: boolean({
    default: 'true',
    about:
      'Whether the upstream verifies our tokens itself (Zot: `auth.bearer`). Otherwise it is sent none, and must be reachable by us alone.',
  }),
  upstreamUser: string({
    optional: true,
    example: 'fuchsbau',
    about: 'Our user at an upstream that does not verify our tokens.',
  }),
  upstreamPassword: secret({ optional: true, about: 'Its password.' }),
  owner: string({
    default: 'you',
    pattern: /^[a-z0-9][a-z0-9._-]{0,29}$/,
    hint: 'a user name: a–z, 0–9, ".", "_" and "-", at most 30',
    about: 'Person that is made at the first start and may do everything.',
  }),
  policy: string({
    optional: true,
    example: '/etc/fuchsbau/policy.yaml',
    about: 'Who may do what; read again when it changes. Without it: see the README.',
  }),
  webhooks: string({
    optional: true,
    example: '/etc/fuchsbau/webhooks.yaml',
    about: 'Who is told of pushes, deletions and signatures; read again when it changes.',
  }),
  trustedKeys: list({
    default: '',
    example: '/etc/fuchsbau/ci.pub',
    about:
      'Public keys (PEM files) by which the pages verify signatures and attestations of images.',
  }),
  adminGroup: string({
    default: 'admins',
    pattern: /^.{1,200}$/,
    hint: 'the name of a group',
    about: 'Group at the identity provider whose members administrate, where no policy says so.',
  }),
  recheck: duration({
    default: '15m',
    min: '1s',
    max: '24h',
    about:
      'How old what the identity provider said of a person may be when she, or a token of hers, comes.',
  }),
  maxLoginAge: duration({
    default: '30d',
    min: '1h',
    max: '3650d',
    about:
      'How long a login counts, with her tokens, where the provider gave nothing to ask again by.',
  }),
  contact: string({
    default: 'whoever runs this registry',
    pattern: /^[^\p{C}]{1,200}$/u,
    hint: 'a name or an address, at most 200 characters',
    about: 'Whom people are told to ask when they may not do something.',
  }),
  tokenLifetime: duration({
    default: '5m',
    min: '1m',
    max: '1h',
    about: 'How long the short tokens are valid that clients get for their requests.',
  }),
  maxAccessTokenAge: duration({
    default: '365d',
    min: '1d',
    max: '3650d',
    about: 'The longest time for which people may make access tokens.',
  }),
  auditRetention: duration({
    default: '365d',
    min: '1d',
    max: '3650d',
    about: 'How long lines of the audit are kept.',
  }),
  maxManifest: integer({
    default: '4',
    min: 1,
    max: 64,
    about: 'Size of a manifest, at most, in MiB.',
  }),
}
