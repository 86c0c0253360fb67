// The settings of this service; the README's table is made from them.

import { address, boolean, bytes, duration, list, string, url } from '@fuchsbau/shared/setting.ts'

export const settings = {
  listen: address({
    default: '127.0.0.1:3000',
    about: 'Where the web server listens (plain HTTP; TLS ends before it).',
  }),
  url: url({
    default: 'http://localhost:3000',
    example: 'https://example.org',
    about:
      'Public address; may have a path. Every id is made from it: choose once, never change it.',
  }),
  owner: string({
    default: 'you',
    pattern: /^[a-z0-9_](?:[a-z0-9_-]{0,28}[a-z0-9_])?$/,
    hint: 'a user name: a–z, 0–9, _ and -, at most 30',
    about: 'User that is made at the first start.',
  }),
  linkByUserName: boolean({
    default: 'false',
    about:
      'Whether who logs in at the identity provider for the first time becomes the user of the same name who is not linked yet. Otherwise she proves it by her password once. Only where people cannot choose their user names there.',
  }),
  authorizedFetch: boolean({
    default: 'false',
    about: 'Whether posts, outbox and lists are given only to signed requests of other servers.',
  }),
  blockedHosts: list({
    default: '',
    example: 'bad.example',
    about:
      'Servers from which nothing is taken and to which nothing is sent, their subdomains included.',
  }),
  journalRetention: duration({
    default: '1h',
    min: '1m',
    max: '7d',
    about:
      'How long the journal keeps what is already in the tree. A backup of the live tree must not take longer.',
  }),
  minFree: bytes({
    default: '64MiB',
    min: '0B',
    max: '1TiB',
    about: 'Nothing is accepted while the disk has less than this free.',
  }),
  maxActivity: bytes({
    default: '1MiB',
    min: '16KiB',
    max: '16MiB',
    about: 'Longest accepted inbox POST.',
  }),
  maxMedia: bytes({ default: '20MiB', min: '1KiB', max: '1GiB', about: 'Largest uploaded file.' }),
  giveUpAfter: duration({
    default: '10d',
    min: '1h',
    max: '90d',
    about: 'How long a delivery is tried before it is given up.',
  }),
}
