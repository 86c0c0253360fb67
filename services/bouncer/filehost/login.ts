// Who uploads: the login of the IRC connection, by Basic (its password) or Bearer (a token of the identity provider).
import type { FastifyRequest } from 'fastify'
import { type Authenticated, authenticate } from '../account/authenticate.ts'
import { authenticateByToken } from '../account/token-login.ts'
import type { Bouncer } from '../bouncer.ts'
import { parseLogin } from '../downstream/login-name.ts'

const MOST_CHARACTERS = 12 * 1024

/** Undefined: no login was given, or not in one of these ways. */
export async function logIn(
  bouncer: Bouncer,
  { headers: { authorization = '' }, ip: address }: FastifyRequest,
): Promise<Authenticated | undefined> {
  if (authorization.length > MOST_CHARACTERS) return
  const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'basic') {
    const [, name = '', password] =
      /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString()) ?? []
    const { user, client = '' } = parseLogin(name)
    if (user === '' || password === undefined) return
    return await authenticate(bouncer, { name: user, password, address, method: 'upload', client })
  }
  if (scheme === '' || !bouncer.tokens) return
  const attempt = { name: '', address, method: 'upload by token', client: '' }
  return await authenticateByToken(bouncer, attempt, value)
}
