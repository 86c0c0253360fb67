// The settings that every service reads, whichever of them runs.
import type { Section, Table, Values } from './config.ts'
import type { ClaimNames } from './login/claims.ts'
import { address, boolean, choice, list, secret, string, url } from './setting.ts'

/** From the one that says most to silence. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export const sharedSettings = {
  data: string({
    default: './data',
    about: 'Directory that holds everything; each service has its own below it.',
  }),
  logLevel: choice(logLevels, { default: 'info', about: 'The least important events to log.' }),
  ownerPassword: secret({
    optional: true,
    about: "The owner's first password. Without it one is made and shown once.",
  }),
  trustProxy: list({
    default: '',
    example: '10.0.0.0/8',
    about: 'Reverse proxies whose `X-Forwarded-…` headers count: addresses or networks.',
  }),
  allowPrivateAddress: boolean({
    default: 'false',
    about: 'Lets the services fetch from private and loopback addresses. For tests only.',
  }),
  management: {
    listen: address({
      default: '127.0.0.1:3009',
      about: 'Where `/livez`, `/readyz` and `/metrics` are served.',
    }),
  },
  oidc: {
    issuer: url({
      optional: true,
      example: 'https://auth.example.org',
      about: 'The identity provider to log in with. Without it the owner logs in by password.',
    }),
    clientId: string({ optional: true, example: 'fuchsbau', about: 'Our client id there.' }),
    clientSecret: secret({ optional: true, about: 'Our client secret there.' }),
    scopes: list({
      default: 'profile,groups',
      about: 'Scopes that are asked for beside `openid`, as far as the provider has them.',
    }),
    usernameClaim: string({
      default: 'preferred_username',
      pattern: /^.{1,200}$/,
      hint: 'the name of a claim, or a path to it',
      about: 'Claim that holds the user name, or a path with dots to it.',
    }),
    groupsClaim: string({
      default: 'groups',
      pattern: /^.{1,200}$/,
      hint: 'the name of a claim, or a path to it',
      example: 'realm_access.roles',
      about: 'Claim that holds the groups, or a path with dots to it.',
    }),
  },
} satisfies Table

/** The identity provider, and who we are there. */
export type Provider = {
  issuer: string
  clientId: string
  clientSecret: string | undefined
  /** What is asked for beside `openid`. */
  scopes: readonly string[]
  claims: ClaimNames
}

/** Undefined as long as the settings name none. */
export function providerOf({
  oidc: { issuer, clientId, clientSecret, scopes, usernameClaim, groupsClaim },
}: Pick<Values<typeof sharedSettings>, 'oidc'>): Provider | undefined {
  const claims = { username: usernameClaim, groups: groupsClaim }
  return issuer !== undefined && clientId !== undefined
    ? { issuer, clientId, clientSecret, scopes, claims }
    : undefined
}

/** What every service is given, and under `own` what it declared itself. */
export type ServiceConfig<S extends Section> = Values<typeof sharedSettings> & {
  readonly own: Values<S>
}

/** What a service is given of a configuration that has its settings under its name. */
export function serviceConfig<S extends Section>(name: string, config: object): ServiceConfig<S> {
  const all = config as ServiceConfig<S> & Record<string, ServiceConfig<S>['own']>
  return { ...all, own: all[name] ?? ({} as ServiceConfig<S>['own']) }
}
