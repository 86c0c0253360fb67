// Reads forms without files, and parameters of addresses, all bounded.
import type { FastifyInstance, FastifyRequest } from 'fastify'

const MAX_FIELDS_BYTES = 64 * 1024
const MAX_QUERY_CHARACTERS = 2_500

/** Teaches a scope the simple kind of form, of at most 64 KiB. Its body is read by `fieldsOf`. */
export function acceptFields(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_FIELDS_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
}

/** The fields of a form without files; none for any other body. */
export function fieldsOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams()
}

/** A parameter of the query, when it is there once; at most 2,500 characters of it. */
export function queryOf(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== ''
    ? value.slice(0, MAX_QUERY_CHARACTERS)
    : undefined
}

/** The whole query as it came, without its question mark. */
export function queryTextOf({ url }: FastifyRequest): string {
  const at = url.indexOf('?')
  return at < 0 ? '' : url.slice(at + 1)
}

/** A row's number as it stands in an address or a form; 0 is none. */
export function numberOf(text: string | null | undefined): number {
  return /^[1-9]\d{0,14}$/.test(text ?? '') ? Number(text) : 0
}
