// The certificate of the listeners: read from files, and again when they change; or made here once, and kept.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import type { Clock, Timer } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { WrongSettings } from '@fuchsbau/shared/service.ts'

/** PEM: the chain, the server's own first, and the key of that. */
export interface Pair {
  cert: string
  key: string
}

/** A certificate that may change while it is in use. */
export interface ServerCertificate {
  readonly current: Pair
  /** SHA-256 of the certificate, as clients show it: `AB:CD:…`. */
  readonly fingerprint: string
  /** Calls back with every new one. Returns how to stop. */
  onChange(listener: (pair: Pair) => void): () => void
  close(): void
}

/** Files are missing, or are no certificate with its key; the message is for the operator. */
export class CertificateUnusable extends WrongSettings {
  override name = 'CertificateUnusable'
}

export interface PairFiles {
  certificate: string
  key: string
}

/** Files of Kubernetes are links that change at once; watching is unreliable there, and reading 8 KB costs nothing. */
const LOOK_EVERY_MS = 5_000
const RENEW_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000
/** Of one that was made here, which people compare by its fingerprint. */
const VALID_DAYS = 5 * 365
const RENEW_BEFORE_DAYS = 30

class Kept implements ServerCertificate {
  current: Pair
  readonly #listeners = new Set<(pair: Pair) => void>()
  readonly #clock: Clock
  readonly #log: Log
  #timer: Timer | undefined

  constructor(pair: Pair, clock: Clock, log: Log) {
    this.current = pair
    this.#clock = clock
    this.#log = log
  }

  get fingerprint(): string {
    return new X509Certificate(this.current.cert).fingerprint256
  }

  onChange(listener: (pair: Pair) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  replace(pair: Pair): void {
    this.current = pair
    for (const listener of this.#listeners) listener(pair)
  }

  /** Looks again and again, also after a failure; the next time is counted from the end of the last. */
  lookEvery(ms: number, look: () => Promise<void>): void {
    const again = () => {
      if (this.#timer) this.lookEvery(ms, look)
    }
    this.#timer = this.#clock.after(ms, () => {
      void look()
        .catch((error: unknown) => this.#log.error({ err: error }, 'looking after the certificate'))
        .finally(again)
    })
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

/** Throws CertificateUnusable when the files are not right now; later the last that was right stays in use. */
export function certificateFromFiles(files: PairFiles, clock: Clock, log: Log): ServerCertificate {
  const first = { cert: readWhole(files.certificate), key: readWhole(files.key) }
  const problem = problemOf(first)
  const { certificate } = files
  if (problem) throw new CertificateUnusable(`The certificate ${certificate} ${problem}.`)
  tellEnd(first, certificate, clock, log)
  const kept = new Kept(first, clock, log)
  let seen = digest(first)
  kept.lookEvery(LOOK_EVERY_MS, async () => {
    const { pair, error } = await readPair(files)
    const now = pair ? digest(pair) : (error ?? '')
    if (now === seen) return
    seen = now
    const reason = pair ? problemOf(pair) : error
    if (!pair || reason) {
      log.error({ certificate, reason }, 'the new certificate cannot be used: the old one stays')
      return
    }
    if (digest(pair) === digest(kept.current)) return
    kept.replace(pair)
    log.info({ certificate, fingerprint: kept.fingerprint }, 'the certificate was replaced')
    tellEnd(pair, certificate, clock, log)
  })
  return kept
}

async function readPair({ certificate, key }: PairFiles): Promise<{ pair?: Pair; error?: string }> {
  try {
    return { pair: { cert: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') } }
  } catch (error) {
    return { error: `cannot be read: ${(error as Error).message}` }
  }
}

function readWhole(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CertificateUnusable(`${file} cannot be read: ${(error as Error).message}`)
  }
}

const digest = ({ cert, key }: Pair) => createHash('sha256').update(`${cert}\0${key}`).digest('hex')

/** What is wrong with a pair, to follow its name. */
function problemOf({ cert, key }: Pair): string | undefined {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      return 'does not belong to the key'
    }
    createSecureContext({ cert, key })
    return
  } catch (error) {
    return `or its key is unusable: ${(error as Error).message}`
  }
}

function tellEnd({ cert }: Pair, certificate: string, clock: Clock, log: Log): void {
  const { validTo } = new X509Certificate(cert)
  if (Date.parse(validTo) < clock.now()) log.warn({ certificate, validTo }, 'it is out of date')
}

const CERTIFICATE_FILE = 'certificate.pem'
const KEY_FILE = 'certificate.key'

/** How one is made: for these names, with this key (PEM) or a new one. */
export type MakeCertificate = (wanted: {
  names: readonly string[]
  key: string | undefined
  notBefore: Date
  notAfter: Date
}) => Promise<Pair>

/**
 * The certificate that is kept in the directory; made when there is none, and made anew with the same key when it is about
 * to end or is not for the first of the names.
 */
export async function ownCertificate(
  directory: string,
  names: readonly [string, ...string[]],
  { clock, log, make }: { clock: Clock; log: Log; make: MakeCertificate },
): Promise<ServerCertificate> {
  const files = { cert: join(directory, CERTIFICATE_FILE), key: join(directory, KEY_FILE) }
  const renew = async (old: Pair | undefined) => {
    const notBefore = new Date(clock.now() - DAY_MS)
    const notAfter = new Date(clock.now() + VALID_DAYS * DAY_MS)
    const made = await make({ names, key: old?.key, notBefore, notAfter })
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileAtomic(files.key, made.key, { isDurable: true })
    writeFileAtomic(files.cert, made.cert, { isDurable: true })
    return made
  }
  const read = existsSync(files.cert) && existsSync(files.key)
  const known = read ? { cert: readWhole(files.cert), key: readWhole(files.key) } : undefined
  const problem = known && problemOf(known)
  if (problem) throw new CertificateUnusable(`The certificate ${files.cert} ${problem}.`)
  const isGood = known && isStillGood(known, names[0], clock)
  const kept = new Kept(isGood ? known : await renew(known), clock, log)
  kept.lookEvery(RENEW_EVERY_MS, async () => {
    if (isStillGood(kept.current, names[0], clock)) return
    kept.replace(await renew(kept.current))
    log.warn(
      { fingerprint: kept.fingerprint },
      'the certificate was renewed: its fingerprint is new',
    )
  })
  return kept
}

function isStillGood({ cert }: Pair, name: string, clock: Clock): boolean {
  const certificate = new X509Certificate(cert)
  const end = Date.parse(certificate.validTo) - RENEW_BEFORE_DAYS * DAY_MS
  return end > clock.now() && certificate.checkHost(name) !== undefined
}
