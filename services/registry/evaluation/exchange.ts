// A request and its answer: files with their ranges, pages of lists, errors in the form of the specification.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import { OciError } from '../errors.ts'
import type { Digest } from '../name.ts'
import type { Upload } from './blobs.ts'
import { type BlobFile, codeOf, type Layouts } from './layout.ts'

/** What a request needs. The repository is '' for the catalog, and undefined where none is named. */
export type Need = { repository: string | undefined; action: 'pull' | 'push' | 'delete' }

/** A request, as far as it was understood, and what is needed to answer it. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  query: URLSearchParams
  /** Whether who asks may do this, too. */
  may(need: Need): Promise<boolean>
  layouts: Layouts
  uploads: Map<string, Upload>
  clock: Clock
  manifestBytes: number
}

type Answering = Pick<Exchange, 'response'>

/** `body`: what becomes JSON. */
export function answer(at: Answering, status: number, headers: object = {}, body?: object) {
  const text = body === undefined ? '' : JSON.stringify(body)
  const type = body && { 'content-type': 'application/json' }
  const length = status !== 204 && { 'content-length': Buffer.byteLength(text) }
  at.response.writeHead(status, { ...type, ...length, ...headers }).end(text)
}

/** Answers with the error, or with what may be said of it. True: an operator should know. */
export function answerError(response: ServerResponse, error: unknown): boolean {
  if (error instanceof OciError) {
    answer({ response }, error.status, error.headers, JSON.parse(error.body))
    return false
  }
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error))
  const message = isFull ? 'The disk of the registry is full.' : 'The registry has failed.'
  answer({ response }, isFull ? 507 : 500, {}, { errors: [{ code: 'UNKNOWN', message }] })
  return true
}

/** Gives out a file that is named by its digest, and closes it. */
export async function answerFile(at: Exchange, blob: BlobFile, digest: Digest, mediaType: string) {
  const { request, response } = at
  const { size } = blob
  await using file = blob.file
  const etag = `"${digest}"`
  response.setHeader('etag', etag).setHeader('docker-content-digest', digest)
  if (request.headers['if-none-match']?.includes(etag)) return void response.writeHead(304).end()
  const isSame = (request.headers['if-range'] ?? etag) === etag
  const range = isSame ? parseRange(request.headers.range, size) : undefined
  const { start, end } = range ?? { start: 0, end: size - 1 }
  if (range && start > end) {
    const refusal = { status: 416, headers: { 'content-range': `bytes */${size}` } }
    throw new OciError('SIZE_INVALID', `There are ${size} bytes.`, refusal)
  }
  if (range) response.setHeader('content-range', `bytes ${start}-${end}/${size}`)
  const length = { 'accept-ranges': 'bytes', 'content-length': end - start + 1 }
  response.writeHead(range ? 206 : 200, { 'content-type': mediaType, ...length })
  if (request.method === 'HEAD' || size === 0) return void response.end()
  const options = { start, end, highWaterMark: 256 * 1024, autoClose: false }
  await pipeline(file.createReadStream(options), response)
}

/**
 * One range, first and last byte included; empty when it is not within the file. Undefined: none, or one that is not
 * understood, which is as good. https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
function parseRange(header: string | undefined, size: number) {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return
  if (first === '') return { start: Math.max(0, size - Number(last)), end: size - 1 }
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/**
 * Answers with the part of a sorted list that `n` and `last` ask for, and leads to the next.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function answerPage(at: Exchange, all: readonly string[], body: (page: string[]) => object) {
  const [path] = at.request.url?.split('?', 1) ?? []
  const last = at.query.get('last') ?? ''
  const n = at.query.get('n') ?? String(all.length)
  if (!/^\d{1,9}$/.test(n)) throw new OciError('UNSUPPORTED', 'n is a number.', { status: 400 })
  const rest = all.filter((each) => last === '' || each > last)
  const page = rest.slice(0, Number(n))
  const next = page.length < rest.length ? page.at(-1) : undefined
  const link = next && `<${path}?${new URLSearchParams({ n, last: next })}>; rel="next"`
  answer(at, 200, link ? { link } : {}, body(page))
}
