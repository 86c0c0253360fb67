// Certificates: those that log a person in here (by fingerprint), and the one that a network knows her by.
import { createHash, webcrypto, X509Certificate } from 'node:crypto'
import type { Network } from '../network.ts'
import type { Fingerprint } from '../store/credentials.ts'
import type { User } from '../user.ts'
import { isHers, notHers, updateNetwork } from './networks.ts'
import { type Outcome, refuse } from './outcome.ts'

export type KeyType = 'ecdsa' | 'ed25519' | 'rsa'

const KEYS = {
  ecdsa: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  ed25519: { name: 'Ed25519' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 3072,
  },
} as const

/** Networks know it by its fingerprint alone: it need not end soon. */
const YEARS = 20
const MAX_CERTIFICATES = 50
const MAX_LABEL = 64

/** Of a certificate, hex. */
export interface Fingerprints {
  sha1: string
  sha256: string
  sha512: string
}

/** Makes a client certificate for a network, uses it for SASL EXTERNAL, and connects anew. Replaces the one before. */
export async function generateCertificate(
  user: User,
  network: Network,
  keyType: KeyType = 'ecdsa',
): Promise<Outcome<Fingerprints>> {
  if (!isHers(user, network)) return notHers()
  const { certificate, privateKey } = await makeCertificate(
    network.record.nick,
    KEYS[keyType],
    user.bouncer.clock.now(),
  )
  const changes = { certificate, privateKey, saslMechanism: 'EXTERNAL' } as const
  const updated = updateNetwork(user, network, changes)
  return updated.ok ? { ok: true, ...fingerprintsOf(certificate) } : updated
}

/** What the network knows her by. */
export function networkFingerprints(user: User, network: Network): Outcome<Fingerprints> {
  if (!isHers(user, network)) return notHers()
  const { certificate, name } = network.record
  if (certificate === '') {
    return refuse(`There is no client certificate for ${name}: generate one first.`)
  }
  return { ok: true, ...fingerprintsOf(certificate) }
}

/** Hers that log in here, oldest first. */
export function listCertificates(user: User): Fingerprint[] {
  return user.bouncer.store.credentials.fingerprints(user.record.id)
}

/** Lets whoever has a certificate log in as this person. `text` is a SHA-256 fingerprint, or the certificate as PEM. */
export function addCertificate(
  user: User,
  text: string,
  label = '',
): Outcome<{ fingerprint: string }> {
  const fingerprint = readFingerprint(text)
  if (!fingerprint) {
    return refuse(
      'Give the SHA-256 fingerprint of the certificate (64 hex digits), or itself as PEM.',
      'fingerprint',
    )
  }
  const { credentials } = user.bouncer.store
  if (listCertificates(user).length >= MAX_CERTIFICATES) {
    return refuse(`There are ${MAX_CERTIFICATES} certificates: remove those you don't use.`)
  }
  const isAdded = credentials.addFingerprint({
    fingerprint,
    userId: user.record.id,
    label: label
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, MAX_LABEL),
    createdAt: user.bouncer.clock.now(),
  })
  return isAdded ? { ok: true, fingerprint } : refuse('This certificate is used already.')
}

/** It logs in no more. Clients that are connected with it stay until they go. */
export function removeCertificate(user: User, text: string): Outcome {
  const fingerprint = readFingerprint(text) ?? ''
  const isRemoved = user.bouncer.store.credentials.removeFingerprint(user.record.id, fingerprint)
  return isRemoved ? { ok: true } : refuse('There is no such certificate.', 'fingerprint')
}

/** SHA-256, lower-case hex. */
function readFingerprint(text: string): string | undefined {
  if (text.includes('-----BEGIN')) {
    try {
      return new X509Certificate(text).fingerprint256.replaceAll(':', '').toLowerCase()
    } catch {
      return
    }
  }
  const digits = text.replace(/[\s:]/g, '').toLowerCase()
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined
}

function fingerprintsOf(pem: string): Fingerprints {
  const { raw } = new X509Certificate(pem)
  const digest = (name: string) => createHash(name).update(raw).digest('hex')
  return { sha1: digest('sha1'), sha256: digest('sha256'), sha512: digest('sha512') }
}

async function makeCertificate(
  name: string,
  algorithm: (typeof KEYS)[KeyType],
  now: number,
): Promise<{ certificate: string; privateKey: string }> {
  // 80 ms of loading, for what is done once a network.
  await import('reflect-metadata') // it does not load without
  const { X509CertificateGenerator } = await import('@peculiar/x509')
  const made = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const keys = made as webcrypto.CryptoKeyPair
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
        .toString('hex')
        .replace(/^./, '4'),
      name: [{ CN: [name] }],
      notBefore: new Date(now - 86_400_000),
      notAfter: new Date(now + YEARS * 365 * 86_400_000),
      signingAlgorithm: algorithm,
      keys,
    },
    webcrypto,
  )
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { certificate: certificate.toString('pem'), privateKey: pem('PRIVATE KEY', pkcs8) }
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
