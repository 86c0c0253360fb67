// The token exchange of the token endpoint. https://www.rfc-editor.org/rfc/rfc8693#section-2
import { fieldsOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { addressOf, type Registry } from '../registry.ts'
import { exchange } from './exchange.ts'
import { MAX_ID_TOKEN } from './id-tokens.ts'
import { refuseOAuth, sendSecret } from './oauth.ts'

const TYPE = 'urn:ietf:params:oauth:token-type:'
const ACCESS_TOKEN = `${TYPE}access_token`

/** Gives a token of a robot for the ID token of a job. `robot`, which is ours, narrows it to the entries of that one. */
export async function exchangeToken(
  registry: Registry,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const fields = fieldsOf(request)
  const problem = problemOf(fields)
  if (problem !== undefined) return refuseOAuth(reply, 'invalid_request', problem)
  const made = await exchange(registry, {
    idToken: fields.get('subject_token') ?? '',
    robot: fields.get('robot') ?? undefined,
    address: addressOf(request),
    isPassword: false,
  })
  if (!made.ok) {
    const error = made.status === 400 ? 'invalid_request' : 'temporarily_unavailable'
    return refuseOAuth(reply, error, made.why, made.status)
  }
  const { record, secret, robot } = made
  return sendSecret(reply, {
    secret,
    name: robot.name,
    limits: record.limits,
    expires_in: Math.floor((record.expiresAt - record.createdAt) / 1000),
    issued_token_type: ACCESS_TOKEN,
  })
}

function problemOf(fields: URLSearchParams): string | undefined {
  const token = fields.get('subject_token') ?? ''
  const type = fields.get('subject_token_type') ?? ''
  const wanted = fields.get('requested_token_type') ?? ACCESS_TOKEN
  if (token === '') return 'subject_token is missing: it is the ID token of the job.'
  if (token.length > MAX_ID_TOKEN) return `subject_token is longer than ${MAX_ID_TOKEN} characters.`
  if (type !== `${TYPE}id_token` && type !== `${TYPE}jwt`) {
    return `subject_token_type must be ${TYPE}id_token or ${TYPE}jwt.`
  }
  if (wanted !== ACCESS_TOKEN) return `requested_token_type can only be ${ACCESS_TOKEN}.`
  return fields.has('actor_token') ? 'There are no actor tokens here.' : undefined
}
