// Passwords: argon2id in the PHC string format, with the parameters of RFC 9106's second recommendation scaled to a
// small board (64 MiB would be a tenth of its memory): 19 MiB, 2 passes, as OWASP lists them.

import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'

const MEMORY_KIB = 19_456
const PASSES = 2
const PARALLELISM = 1
const TAG_BYTES = 32
const MAX_PASSWORD_BYTES = 1_024

/** Hashes a password of at most 1,024 bytes. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await derive(password, nonce, {
    memory: MEMORY_KIB,
    passes: PASSES,
    parallelism: PARALLELISM,
  })
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${PARALLELISM}$${b64(nonce)}$${b64(tag)}`
}

/** Whether the password fits the hash; false for a malformed hash. Constant time in the password. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
      hash,
    )
  if (!match || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false
  const [, memory, passes, parallelism, nonce = '', tag = ''] = match
  const expected = Buffer.from(tag, 'base64')
  const parameters = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  }
  const actual = await derive(password, Buffer.from(nonce, 'base64'), parameters, expected.length)
  return timingSafeEqual(actual, expected)
}

/** A password that a person can type: 4 × 5 characters, 100 bits, no look-alikes. */
export function makePassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789z'
  const characters = [...randomBytes(20)].map((byte) => alphabet[byte % 32]).join('')
  return characters.replace(/(.{5})(?=.)/g, '$1-')
}

function derive(
  password: string,
  nonce: Buffer,
  parameters: { memory: number; passes: number; parallelism: number },
  tagLength = TAG_BYTES,
): Promise<Buffer> {
  const options = { message: Buffer.from(password), nonce, tagLength, ...parameters }
  return new Promise((resolve, reject) => {
    argon2('argon2id', options, (error, tag) => (error ? reject(error) : resolve(tag)))
  })
}

const b64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
