// The settings of this service; the README's table is made from them.
import {
  type Address,
  address,
  boolean,
  bytes,
  duration,
  integer,
  list,
  type Setting,
  string,
  url,
} from '@fuchsbau/shared/setting.ts'
import { addressList, isLoopback } from './address-list.ts'

export const settings = {
  listen: address({
    default: '127.0.0.1:6697',
    about: 'Where IRC clients connect, with TLS.',
  }),
  plainListen: loopback({
    optional: true,
    example: '127.0.0.1:6667',
    about: 'Where clients on this machine may connect without TLS: a loopback address.',
  }),
  webListen: address({
    default: '127.0.0.1:3001',
    about: 'Where the web pages and WebSocket clients are served (plain HTTP; TLS ends before it).',
  }),
  webUrl: url({
    default: 'http://localhost:3001',
    about: 'Address of the web pages as browsers see it; uploads and the login lead back to it.',
  }),
  linkByUserName: boolean({
    default: 'false',
    about:
      'Whether who logs in at the identity provider for the first time becomes the user of the same name who is not linked yet. Otherwise she proves it by her password once. Only where people cannot choose their user names there.',
  }),
  hostname: string({
    default: 'fuchsbau',
    pattern: /^[A-Za-z0-9.-]{1,63}$/,
    hint: 'a host name of at most 63 characters',
    about: 'Name of the server that clients see; also of the certificate that is made.',
  }),
  certificate: string({
    optional: true,
    example: '/tls/tls.crt',
    about: 'Certificate chain, PEM; read again when it changes. Without it one is made.',
  }),
  certificateKey: string({
    optional: true,
    example: '/tls/tls.key',
    about: 'Its private key, PEM.',
  }),
  proxies: addresses({
    default: '',
    example: '10.0.0.0/8',
    about:
      'Addresses or networks from which every IRC connection begins with a PROXY protocol header (version 1 or 2).',
  }),
  origins: list({
    default: '',
    example: 'https://chat.example.org',
    about: 'Origins of web pages that may connect by WebSocket, besides our own.',
  }),
  owner: string({
    default: 'you',
    pattern: /^[A-Za-z0-9_-]{1,30}$/,
    hint: 'a user name: A–Z, a–z, 0–9, _ and -, at most 30',
    about: 'User that is made at the first start.',
  }),
  maxUsers: integer({ default: '100', min: 1, max: 10_000, about: 'Users, at most.' }),
  maxNetworks: integer({
    default: '50',
    min: 1,
    max: 1_000,
    about: 'Networks of a user, at most.',
  }),
  maxClients: integer({ default: '50', min: 1, max: 1_000, about: 'Clients of a user at once.' }),
  maxStrangers: integer({
    default: '100',
    min: 1,
    max: 10_000,
    about: 'Connections of one address that have not logged in yet.',
  }),
  quitMessage: string({
    default: 'The bouncer is stopped',
    pattern: /^[^\r\n\0]{1,200}$/,
    hint: 'a line of at most 200 characters',
    about: 'What the networks are told when the bouncer is stopped.',
  }),
  ctcpAnswers: boolean({
    default: 'true',
    about: 'Whether CTCP VERSION and PING are answered for users without a connected client.',
  }),
  holder: string({
    optional: true,
    pattern: /^\/[^\0]{0,99}$/,
    hint: 'an absolute path of at most 100 characters',
    example: '/run/fuchsbau/holder.sock',
    about:
      'Unix socket of the holder (`fuchsbau bouncer hold`), which has the connections to the networks, so that a restart of the bouncer is not seen there. Without it the bouncer has them itself.',
  }),
  holdFor: duration({
    default: '5m',
    min: '1s',
    max: '1h',
    about: 'How long the holder keeps the networks while the bouncer is away.',
  }),
  uploadBytes: bytes({
    default: '25MiB',
    min: '1KiB',
    max: '4GiB',
    about: 'Size of a file that a client uploads, at most.',
  }),
  uploadQuota: bytes({
    default: '1GiB',
    min: '0KiB',
    max: '1024GiB',
    about: 'Size of all files that a user has uploaded, at most; 0KiB: no uploads.',
  }),
  uploadRetention: duration({
    default: '3650d',
    min: '0d',
    max: '36500d',
    about: 'How long uploads are kept; 0d: for ever.',
  }),
  pushToPrivateAddresses: boolean({
    default: 'false',
    about: 'Whether clients may be woken by push services with private addresses or without TLS.',
  }),
  retention: duration({
    default: '3650d',
    min: '1d',
    max: '36500d',
    about: 'How long lines are kept, where a network or channel does not say otherwise.',
  }),
  historyQuota: integer({
    default: '0',
    min: 0,
    max: 1_000_000_000,
    about:
      'Lines of a user that are kept, at most; of more the oldest are deleted within the hour. 0: any number.',
  }),
}

/** An address that only this machine reaches: passwords come unencrypted. */
function loopback(describe: {
  about: string
  example: string
  optional: true
}): Setting<Address | undefined> {
  const setting = address(describe)
  return {
    ...setting,
    parse(text) {
      const parsed = setting.parse(text)
      if (!parsed.ok || !parsed.value || isLoopback(parsed.value.host)) return parsed
      return {
        ok: false,
        expected: 'an address of this machine alone, because passwords come unencrypted',
      }
    },
  }
}

/** A list of IP addresses and networks. */
function addresses(describe: {
  about: string
  example: string
  default: string
}): Setting<string[]> {
  const setting = list(describe)
  return {
    ...setting,
    parse(text) {
      const parsed = setting.parse(text)
      if (!parsed.ok || addressList(parsed.value)) return parsed
      return { ok: false, expected: 'a list of IP addresses and networks' }
    },
  }
}
