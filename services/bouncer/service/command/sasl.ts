// `sasl …` and `certfp …`: how the bouncer logs in to a network.
import {
  generateCertificate,
  type KeyType,
  networkFingerprints,
} from '../../manage/certificates.ts'
import { updateNetwork } from '../../manage/networks.ts'
import { refuse } from '../../manage/outcome.ts'
import {
  type Answer,
  type Command,
  MISUSED,
  networkOf,
  type PersonalAsking,
  personal,
} from '../command.ts'
import { readFlags } from '../words.ts'

const KEY_TYPES: readonly string[] = ['ecdsa', 'ed25519', 'rsa'] satisfies KeyType[]

export const SASL_COMMANDS: readonly Command[] = [
  {
    name: 'sasl status',
    usage: '[-network NAME]',
    help: ['Shows how the bouncer logs in to a network, and whether that works.'],
    handle: personal(status),
  },
  {
    name: 'sasl set-plain',
    usage: '[-network NAME] ACCOUNT PASSWORD',
    help: [
      'Logs in to a network with account and password, at each connection.',
      'SCRAM-SHA-256 is used where the network offers it, so that the password is not sent.',
    ],
    handle: personal(setPlain),
  },
  {
    name: 'sasl set-external',
    usage: '[-network NAME] [ACCOUNT]',
    help: ['Logs in to a network with your client certificate: see “certfp generate”.'],
    handle: personal(setExternal),
  },
  {
    name: 'sasl reset',
    usage: '[-network NAME]',
    help: ['Logs in no more; account, password and certificate are forgotten.'],
    handle: personal(reset),
  },
  {
    name: 'certfp generate',
    usage: '[-network NAME] [-key-type ecdsa|ed25519|rsa]',
    help: [
      'Makes a client certificate for a network and logs in with it (SASL EXTERNAL).',
      'Then tell the network: /msg NickServ CERT ADD FINGERPRINT',
    ],
    handle: personal(generate),
  },
  {
    name: 'certfp fingerprint',
    usage: '[-network NAME]',
    help: ['Shows the fingerprints of the client certificate for a network.'],
    handle: personal((asking, words) => {
      const found = target(asking, words, 0)
      if (!('network' in found)) return found
      const shown = networkFingerprints(asking.user, found.network)
      return shown.ok ? fingerprintLines(shown) : shown
    }),
  },
]

/** The network of a command and `most` further words; a network may be the first word, too. */
function target(asking: PersonalAsking, words: readonly string[], most: number) {
  const read = readFlags(words, { network: 'text', 'key-type': 'text', bits: 'text' } as const)
  if (!read.ok) return read
  const { flags, rest } = read
  const isFirst = flags.network === undefined && rest.length === most + 1
  const found = networkOf(asking, isFirst ? rest.shift() : flags.network)
  if (!found.ok) return found
  return rest.length > most ? MISUSED : { network: found.network, rest, keyType: flags['key-type'] }
}

function status(asking: PersonalAsking, words: readonly string[]): Answer {
  const found = target(asking, words, 0)
  if (!('network' in found)) return found
  const { record, upstream } = found.network
  const as = record.saslUser ? ` as ${record.saslUser}` : ''
  const how = record.saslMechanism
    ? `SASL ${record.saslMechanism}${as}`
    : 'no SASL: “sasl set-plain ACCOUNT PASSWORD” sets it'
  const lines = [`${record.name}: ${how}`]
  if (record.nickservPassword)
    lines.push('A password for NickServ is set, for when there is no SASL.')
  const { account, saslFailure } = upstream?.registration ?? {}
  if (saslFailure) lines.push(`It failed: ${saslFailure}`)
  else if (upstream?.isReady) lines.push(account ? `Logged in as ${account}.` : 'Not logged in.')
  return lines
}

function setPlain(asking: PersonalAsking, words: readonly string[]): Answer {
  const found = target(asking, words, 2)
  if (!('network' in found)) return found
  const [saslUser, saslPassword] = found.rest
  if (saslUser === undefined || saslPassword === undefined) return MISUSED
  const changes = { saslMechanism: 'PLAIN', saslUser, saslPassword } as const
  const updated = updateNetwork(asking.user, found.network, changes)
  return updated.ok ? [`Logging in to ${found.network.record.name} as ${saslUser}.`] : updated
}

function setExternal(asking: PersonalAsking, words: readonly string[]): Answer {
  const read = readFlags(words, { network: 'text' } as const)
  if (!read.ok) return read
  const [saslUser = '', ...more] = read.rest
  if (more.length > 0) return MISUSED
  const found = networkOf(asking, read.flags.network)
  if (!found.ok) return found
  const { name, certificate } = found.network.record
  if (certificate === '')
    return refuse(`First make a client certificate: certfp generate -network ${name}`)
  const changes = { saslMechanism: 'EXTERNAL', saslUser, saslPassword: '' } as const
  const updated = updateNetwork(asking.user, found.network, changes)
  return updated.ok ? [`Logging in to ${name} with your client certificate.`] : updated
}

function reset(asking: PersonalAsking, words: readonly string[]): Answer {
  const found = target(asking, words, 0)
  if (!('network' in found)) return found
  const updated = updateNetwork(asking.user, found.network, {
    saslMechanism: '',
    saslUser: '',
    saslPassword: '',
    certificate: '',
    privateKey: '',
  })
  return updated.ok ? [`Logging in to ${found.network.record.name} no more.`] : updated
}

async function generate(asking: PersonalAsking, words: readonly string[]): Promise<Answer> {
  const found = target(asking, words, 0)
  if (!('network' in found)) return found
  const { keyType = 'ecdsa', network } = found
  if (!KEY_TYPES.includes(keyType)) return refuse(`-key-type is one of ${KEY_TYPES.join(', ')}.`)
  const made = await generateCertificate(asking.user, network, keyType as KeyType)
  if (!made.ok) return made
  return [
    `Made a client certificate for ${network.record.name}.`,
    ...fingerprintLines(made),
    `Tell the network once: /msg NickServ CERT ADD ${made.sha256}`,
  ]
}

function fingerprintLines({
  sha1,
  sha256,
  sha512,
}: {
  sha1: string
  sha256: string
  sha512: string
}) {
  return [`SHA-1: ${sha1}`, `SHA-256: ${sha256}`, `SHA-512: ${sha512}`]
}
