// The public keys by which signatures are verified: files that the operator names.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { WrongSettings } from '@fuchsbau/shared/service.ts'
import { readPublicKey, type TrustedKey } from '../images/signature.ts'

/** Throws WrongSettings for a file that is no public key. The file's name, without its end, is the key's. */
export function readTrustedKeys(paths: readonly string[]): TrustedKey[] {
  return paths.map((path) => {
    let pem: string
    try {
      pem = readFileSync(path, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new WrongSettings(`registry.trusted_keys: ${path} cannot be read: ${code}`)
    }
    const key = readPublicKey(pem)
    if (!key) throw new WrongSettings(`registry.trusted_keys: ${path} is no public key (PEM)`)
    return { name: basename(path).replace(/\.(?:pub|pem|key|crt)$/, ''), key }
  })
}
