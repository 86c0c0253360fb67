// Hashes of passwords that an import brought: those of ZNC (`znc-sha256$SALT$HASH`, `znc-md5$SALT$HASH`) and of soju
// (bcrypt). They let in once; then the password is hashed as ours are.
// https://wiki.znc.in/Configuration#Pass https://en.wikipedia.org/wiki/Bcrypt
import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Code of `bcrypt-worker.ts` in the bundle, which is one file (bundle.ts). */
declare const BCRYPT_WORKER: string | undefined

const ZNC = /^znc-(sha256|md5)\$([^$]*)\$([0-9a-f]{32,64})$/i
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
/** Rounds of bcrypt, as a power of two: soju takes 10. More than this would keep a processor busy for seconds. */
const MAX_COST = 13

/** Whether it is to be replaced at the next login. */
export function isForeignHash(hash: string): boolean {
  return ZNC.test(hash) || BCRYPT.test(hash)
}

/** Whether the password fits. bcrypt takes 70 ms at cost 10, once a person: a thread does it, and nobody else waits. */
export async function checkForeignHash(password: string, hash: string): Promise<boolean> {
  const [, method, salt = '', hex = ''] = ZNC.exec(hash) ?? []
  if (method) {
    const actual = createHash(method.toLowerCase()).update(password).update(salt).digest()
    const expected = Buffer.from(hex, 'hex')
    return actual.length === expected.length && timingSafeEqual(actual, expected)
  }
  const cost = Number(BCRYPT.exec(hash)?.[1])
  if (!(cost <= MAX_COST)) return false
  return await checkBcrypt({ password, hash })
}

async function checkBcrypt(workerData: { password: string; hash: string }): Promise<boolean> {
  const options = { workerData, execArgv: [], env: {} }
  const worker =
    typeof BCRYPT_WORKER === 'string'
      ? new Worker(BCRYPT_WORKER, { ...options, eval: true })
      : new Worker(new URL('./bcrypt-worker.ts', import.meta.url), options)
  const [fits]: unknown[] = await once(worker, 'message')
  return fits === true
}
