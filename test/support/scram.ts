// SCRAM-SHA-256 without channel binding, both sides, for tests (https://www.rfc-editor.org/rfc/rfc5802,
// https://www.rfc-editor.org/rfc/rfc7677). Written apart from the bouncer's own.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

const iterations = 4096
const header = 'n,,'
const boundHeader = Buffer.from(header).toString('base64')

/** One side of an exchange: takes what the other side said, says the next message, throws when the other side lies. */
export type ScramStep = (said: string) => string

/** The client: the first call, with '', gives client-first; the second client-final; the third checks the server and gives ''. */
export function scramClient(account: string, password: string): ScramStep {
  const nonce = randomBytes(18).toString('base64')
  const firstBare = `n=${account.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  let step = 0
  let serverSignature = ''
  return (said) => {
    step += 1
    if (step === 1) return `${header}${firstBare}`
    const fields = readFields(said)
    if (step === 2) {
      const both = fields.get('r') ?? ''
      if (!both.startsWith(nonce) || both === nonce) throw new Error(`SCRAM: bad nonce: ${said}`)
      const salt = Buffer.from(fields.get('s') ?? '', 'base64')
      const salted = pbkdf2Sync(password, salt, Number(fields.get('i')), 32, 'sha256')
      const withoutProof = `c=${boundHeader},r=${both}`
      const message = `${firstBare},${said},${withoutProof}`
      const clientKey = hmac(salted, 'Client Key')
      const proof = xor(clientKey, hmac(sha256(clientKey), message))
      serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64')
      return `${withoutProof},p=${proof.toString('base64')}`
    }
    if (fields.get('v') !== serverSignature) throw new Error(`SCRAM: bad server signature: ${said}`)
    return ''
  }
}

/** The server's side with what came of it. */
export interface ScramServer {
  step: ScramStep
  /** The account, once the password was right; '' before. */
  accepted(): string
}

/** The server: the first call takes client-first, the second client-final. */
export function scramServer(passwordOf: (account: string) => string | undefined): ScramServer {
  let firstBare = ''
  let serverFirst = ''
  let nonce = ''
  let account = ''
  let accepted = ''
  const salt = randomBytes(16)
  const step: ScramStep = (said) => {
    if (serverFirst === '') {
      firstBare = said.replace(/^[ny],[^,]*,/, '')
      const fields = readFields(firstBare)
      account = (fields.get('n') ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=')
      nonce = `${fields.get('r')}${randomBytes(18).toString('base64')}`
      serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
      return serverFirst
    }
    const fields = readFields(said)
    const password = passwordOf(account)
    if (password === undefined || fields.get('r') !== nonce) throw new Error('SCRAM: refused')
    const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
    const message = `${firstBare},${serverFirst},${said.replace(/,p=.*$/, '')}`
    const proof = Buffer.from(fields.get('p') ?? '', 'base64')
    const storedKey = sha256(hmac(salted, 'Client Key'))
    const isRight =
      proof.length === 32 &&
      timingSafeEqual(sha256(xor(proof, hmac(storedKey, message))), storedKey)
    if (!isRight) throw new Error('SCRAM: wrong password')
    accepted = account
    return `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`
  }
  return { step, accepted: () => accepted }
}

function readFields(message: string): Map<string, string> {
  return new Map(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)))
}
