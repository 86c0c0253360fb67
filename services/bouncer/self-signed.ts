// Makes the certificate of the listeners where the operator has none.
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type { MakeCertificate } from './store/certificates.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Signed by itself; clients know it by its fingerprint. */
export const makeServerCertificate: MakeCertificate = async ({ names, key, ...validity }) => {
  // 80 ms of loading, for what is done once.
  await import('reflect-metadata') // it does not load without
  const { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } = await import(
    '@peculiar/x509'
  )
  const { subtle } = webcrypto
  const keys = key ? await readKeys(key) : await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      // Positive, as RFC 5280, 4.1.2.2 wants it.
      serialNumber: `4${randomBytes(8).toString('hex').slice(1)}`,
      name: [{ CN: [names[0] ?? ''] }],
      ...validity,
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
        ),
      ],
    },
    webcrypto,
  )
  const pkcs8 = await subtle.exportKey('pkcs8', keys.privateKey)
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

/** Both keys of a private key in PEM. */
async function readKeys(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const privateKey = await subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign'])
  const { kty = '', crv = '', x = '', y = '' } = await subtle.exportKey('jwk', privateKey)
  const publicJwk = { kty, crv, x, y, ext: true }
  const publicKey = await subtle.importKey('jwk', publicJwk, ALGORITHM, true, ['verify'])
  return { privateKey, publicKey }
}
