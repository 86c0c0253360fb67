// ID tokens of CI jobs, as the identity provider of the tests would make them: right, but for what a test changes.
import { type KeyObject, sign } from 'node:crypto'
import type { FakeIssuer } from './fake-issuer.ts'

export interface JobTokenChanges {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  /** The signature over the first two parts. */
  seal?(text: string): Buffer
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = () => Math.floor(Date.now() / 1000)

/** What a job of `fox/app` on its main branch gets, for five minutes. Each is another one. */
export function jobTokens({ issuer }: Pick<FakeIssuer, 'issuer'>, key: KeyObject, kid: string) {
  let count = 0
  return ({ claims, header, seal }: JobTokenChanges = {}): string => {
    count += 1
    const right = {
      iss: issuer,
      aud: 'https://oci.test',
      sub: 'repo:fox/app:ref:refs/heads/main',
      jti: `job ${count}`,
      iat: seconds(),
      exp: seconds() + 300,
    }
    const text = `${encode({ alg: 'RS256', typ: 'JWT', kid, ...header })}.${encode({ ...right, ...claims })}`
    const sealed = seal ? seal(text) : sign('sha256', Buffer.from(text), key)
    return `${text}.${sealed.toString('base64url')}`
  }
}
