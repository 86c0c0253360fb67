import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  decodeMultibase,
  encodeMultibase,
  formatMultikey,
  parseMultikey,
  parsePublicKeyPem,
} from './public-key.ts'

function rsaPem(modulusLength: number, publicExponent = 65_537) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  return toPem(publicKey)
}

function toPem(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): string {
  return key.export({ type, format: 'pem' }).toString()
}

describe('publicKeyPem', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

  test('RSA of 2,048 bits, in SubjectPublicKeyInfo or PKCS #1', () => {
    for (const type of ['spki', 'pkcs1'] as const) {
      const key = parsePublicKeyPem(toPem(publicKey, type))
      expect(key?.equals(publicKey)).toBe(true)
    }
  })

  test('may have lost its line ends or gained white space', () => {
    const text = toPem(publicKey)
    expect(parsePublicKeyPem(`\n${text}\n\n`)?.equals(publicKey)).toBe(true)
    expect(parsePublicKeyPem(text.replaceAll('\n', '\r\n'))?.equals(publicKey)).toBe(true)
    expect(parsePublicKeyPem(text.replaceAll('\n', ' '))?.equals(publicKey)).toBe(true)
  })

  test('Ed25519', () => {
    const { publicKey: key } = generateKeyPairSync('ed25519')
    const parsed = parsePublicKeyPem(toPem(key))
    expect(parsed?.equals(key)).toBe(true)
  })

  test('RSA shorter than 2,048 bits is refused', () => {
    expect(parsePublicKeyPem(rsaPem(1024))).toBeUndefined()
  })

  test('an exponent that makes checking slow is refused', () => {
    const jwk = publicKey.export({ format: 'jwk' })
    const huge = createPublicKey({ key: { ...jwk, e: jwk.n ?? '' }, format: 'jwk' })
    const text = toPem(huge)
    expect(parsePublicKeyPem(text)).toBeUndefined()
  })

  test('RSA longer than 8,192 bits is refused', () => {
    const n = Buffer.alloc(1025, 0xff).toString('base64url')
    const huge = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' })
    expect(parsePublicKeyPem(toPem(huge))).toBeUndefined()
  })

  // Fedify: fetchKey() returns null for a malformed actor publicKey.
  test.each([
    ['a private key', privateKey.export({ type: 'pkcs8', format: 'pem' })],
    [
      'a key of a curve nobody signs with',
      toPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
    ],
    ['text', 'not a public key'],
    ['nothing', ''],
    ['rubbish in the armour', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['two keys', rsaPem(2048) + rsaPem(2048)],
    ['something long', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(5000)}\n-----END PUBLIC KEY-----`],
  ])('%s is refused', (_, text) => {
    expect(parsePublicKeyPem(String(text))).toBeUndefined()
  })
})

describe('publicKeyMultibase', () => {
  // FEP-8b32, its test vector.
  const vector = 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2'

  test('is an Ed25519 key and back', () => {
    const key = parseMultikey(vector)
    expect(key?.export({ format: 'jwk' }).x).toBe('sA2Nk45_dz1RVlqtNqYj9TRPf10ZYPnPPo4SYg6igQ8')
    expect(key && formatMultikey(key)).toBe(vector)
  })

  test.each([
    ['another base', 'uSGVsbG8'],
    ['digits that base58 leaves out', 'z0OIl'],
    ['too short', 'z6Mk'],
    ['another codec', encodeMultibase(Buffer.from([0x80, 0x24, ...Buffer.alloc(32, 1)]))],
    ['33 bytes', encodeMultibase(Buffer.from([0xed, 0x01, ...Buffer.alloc(33, 1)]))],
    ['too long', `z${'2'.repeat(129)}`],
    ['nothing', ''],
  ])('%s is refused', (_, text) => {
    expect(parseMultikey(text)).toBeUndefined()
  })

  test('base58btc keeps leading zeros', () => {
    for (const hex of ['00', '0000ff', 'ff00', '010203', '00'.repeat(5)]) {
      const bytes = Buffer.from(hex, 'hex')
      expect(decodeMultibase(encodeMultibase(bytes))?.toString('hex')).toBe(hex)
    }
    expect(encodeMultibase(Buffer.from('0000287fb4cd', 'hex'))).toBe('z11233QC4')
  })
})

test('stray bytes after the end line, as snac 2.75 sends them, do not hide the key', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const text = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  expect(parsePublicKeyPem(`${text}\\\u2405`)?.equals(publicKey)).toBe(true)
})
