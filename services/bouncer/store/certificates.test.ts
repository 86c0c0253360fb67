import { X509Certificate } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type SettableClock, settableClock } from '@fuchsbau/shared/clock.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { describe, expect, test } from 'vitest'
import { waitFor } from '../../../test/support/wait-for.ts'
import { makeServerCertificate } from '../self-signed.ts'
import {
  CertificateUnusable,
  certificateFromFiles,
  ownCertificate,
  type Pair,
} from './certificates.ts'
import { NOON, tempDirectory } from './store.fixture.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const log = silentLog()

const make = (name: string, key?: string) =>
  makeServerCertificate({
    names: [name],
    key,
    notBefore: new Date(NOON - DAY_MS),
    notAfter: new Date(NOON + 90 * DAY_MS),
  })
const nameOf = ({ cert }: Pair) => new X509Certificate(cert).subject.replace('CN=', '')

/** A directory like a Secret's volume: files are links into `..data`, which is a link that is replaced. */
function secretVolume() {
  const directory = tempDirectory()
  mkdirSync(directory)
  for (const file of ['tls.crt', 'tls.key'])
    symlinkSync(join('..data', file), join(directory, file))
  let count = 0
  return {
    certificate: join(directory, 'tls.crt'),
    key: join(directory, 'tls.key'),
    put({ cert, key }: Pair) {
      count += 1
      const version = `..version-${count}`
      mkdirSync(join(directory, version))
      writeFileSync(join(directory, version, 'tls.crt'), cert)
      writeFileSync(join(directory, version, 'tls.key'), key)
      symlinkSync(version, join(directory, '..new'))
      renameSync(join(directory, '..new'), join(directory, '..data'))
    },
    empty: () => rmSync(join(directory, '..data')),
  }
}

/** Lets the watching look `times` times. */
async function look(clock: SettableClock, times = 1): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    clock.advance(5_000)
    // Reading and counting again take some turns.
    for (let turns = 0; turns < 50; turns += 1) await turn()
  }
}

describe('the certificate of files', () => {
  test('is replaced when a Secret is, and everybody who asked is told', async () => {
    const clock = settableClock(NOON)
    const volume = secretVolume()
    volume.put(await make('one.test'))
    const certificate = certificateFromFiles(volume, clock, log)
    const told: string[] = []
    const stop = certificate.onChange((pair) => told.push(nameOf(pair)))
    volume.put(await make('two.test'))
    clock.advance(5_000)
    await waitFor(() => told.length === 1, { what: 'the new certificate' })
    expect(nameOf(certificate.current)).toBe('two.test')
    expect(certificate.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    stop()
    certificate.close()
    expect(told).toEqual(['two.test'])
  })

  test('stays when the new pair is unusable or gone, until there is a right one', async () => {
    const clock = settableClock(NOON)
    const volume = secretVolume()
    const one = await make('one.test')
    volume.put(one)
    const certificate = certificateFromFiles(volume, clock, log)
    const wrong = [
      { ...(await make('other.test')), key: one.key },
      { cert: 'x', key: 'y' },
    ]
    for (const pair of wrong) {
      volume.put(pair)
      await look(clock, 3)
      expect(nameOf(certificate.current)).toBe('one.test')
    }
    volume.empty()
    await look(clock, 3)
    expect(nameOf(certificate.current)).toBe('one.test')
    volume.put(await make('three.test'))
    await waitFor(
      async () => {
        await look(clock)
        return nameOf(certificate.current) === 'three.test'
      },
      { what: 'the right certificate' },
    )
    certificate.close()
  })

  test('that is unusable at the start is told in words', async () => {
    const clock = settableClock(NOON)
    const volume = secretVolume()
    const open = () => certificateFromFiles(volume, clock, log)
    expect(open).toThrow(CertificateUnusable)
    expect(open).toThrow(/tls\.crt cannot be read: ENOENT/)
    volume.put({ ...(await make('one.test')), key: (await make('two.test')).key })
    expect(open).toThrow(/tls\.crt does not belong to the key\.$/)
    volume.put({ cert: 'nonsense', key: 'nonsense' })
    expect(open).toThrow(/tls\.crt or its key is unusable: /)
  })
})

describe('the certificate that is made here', () => {
  const open = (directory: string, clock: SettableClock, name = 'irc.test') =>
    ownCertificate(directory, [name, '127.0.0.1'], { clock, log, make: makeServerCertificate })

  test('is made once, for its names, and kept for its owner only', async () => {
    const clock = settableClock(NOON)
    const directory = tempDirectory()
    const first = await open(directory, clock)
    first.close()
    const second = await open(directory, clock)
    second.close()
    expect(second.fingerprint).toBe(first.fingerprint)
    const x509 = new X509Certificate(first.current.cert)
    expect(x509.subjectAltName).toBe('DNS:irc.test, IP Address:127.0.0.1')
    expect(x509.verify(x509.publicKey)).toBe(true)
    for (const file of readdirSync(directory)) {
      expect(statSync(join(directory, file)).mode & 0o777, file).toBe(0o600)
    }
    expect(readdirSync(directory).sort()).toEqual(['certificate.key', 'certificate.pem'])
  })

  test('is made anew with the same key before it ends, and when the host has another name', async () => {
    const clock = settableClock(NOON)
    const directory = tempDirectory()
    const first = await open(directory, clock)
    first.close()
    const renamed = await open(directory, clock, 'other.test')
    renamed.close()
    expect(renamed.fingerprint).not.toBe(first.fingerprint)
    const keyOf = ({ current }: typeof first) => new X509Certificate(current.cert).publicKey
    expect(keyOf(renamed).equals(keyOf(first))).toBe(true)
    clock.advance((5 * 365 - 29) * DAY_MS)
    const renewed = await open(directory, clock, 'other.test')
    renewed.close()
    expect(renewed.fingerprint).not.toBe(renamed.fingerprint)
    expect(Date.parse(new X509Certificate(renewed.current.cert).validTo)).toBeGreaterThan(
      clock.now() + 4 * 365 * DAY_MS,
    )
  })
})

test('a certificate that cannot be renewed, as on a full disk, stays and is tried again', async () => {
  const directory = tempDirectory()
  const clock = settableClock(NOON)
  let isFull = false
  const kept = await ownCertificate(directory, ['irc.test'], {
    clock,
    log,
    make: (wanted) =>
      isFull ? Promise.reject(new Error('ENOSPC')) : makeServerCertificate(wanted),
  })
  const before = kept.fingerprint
  const failures: unknown[] = []
  const note = (error: unknown) => failures.push(error)
  process.on('unhandledRejection', note)
  isFull = true
  clock.set(Date.parse(new X509Certificate(kept.current.cert).validTo) - DAY_MS)
  clock.advance(HOUR_MS)
  for (let turns = 0; turns < 20; turns += 1) await turn()
  process.off('unhandledRejection', note)
  expect(failures).toEqual([])
  expect(kept.fingerprint).toBe(before)
  isFull = false
  clock.advance(HOUR_MS)
  await waitFor(() => kept.fingerprint !== before, { what: 'the new certificate' })
  kept.close()
})
