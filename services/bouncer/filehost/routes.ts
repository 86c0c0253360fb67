// Files that people upload to speak of them on IRC: POST /uploads with the login of the IRC connection; then whoever has
// the address may read it, and its owner delete it. https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
import { allowUpload } from '@fuchsbau/shared/arrival.ts'
import { StoreUnavailable } from '@fuchsbau/shared/database/unavailable.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Bouncer } from '../bouncer.ts'
import type { UserRecord } from '../store/records.ts'
import { logIn } from './login.ts'
import { ACCEPTED, extensionOf, headersOf, parseFileName, parseMediaType } from './media.ts'
import { parseRange } from './range.ts'

export interface FilehostDeps {
  bouncer: Bouncer
  /** Of `/uploads`, as clients see it. */
  url: string
  /** Of one file, and of all files of a person. */
  fileBytes: number
  quotaBytes: number
}

/** Bytes in the time that a request may take: slower uploads are given up. */
const LEAST_UPLOAD_BYTES = 30 * 4_096
const AT_ONCE = 10

/** Adds the routes to the web listener. */
export function registerFilehost(app: FastifyInstance, deps: FilehostDeps): void {
  void app.register(async (scope) => {
    const filehost = new Filehost(deps)
    // Bodies are streamed to the disk, whatever their type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.addHook('onRequest', async (_request, reply) => {
      // Logins are in a header that no page of others has, never in a cookie.
      reply.header('access-control-allow-origin', '*')
      reply.header('access-control-expose-headers', 'Location, Accept-Post')
    })
    scope.options('/uploads', (_request, reply) => preflight(reply, 'OPTIONS, POST'))
    scope.options('/uploads/:name', (_request, reply) =>
      preflight(reply, 'OPTIONS, GET, HEAD, DELETE'),
    )
    scope.post('/uploads', (request, reply) => filehost.upload(request, reply))
    scope.get<Named>('/uploads/:name', (request, reply) => filehost.show(request, reply))
    scope.delete<Named>('/uploads/:name', (request, reply) => filehost.remove(request, reply))
  })
}

interface Named {
  Params: { name: string }
}

function preflight(reply: FastifyReply, methods: string): FastifyReply {
  return reply
    .code(204)
    .headers({
      allow: methods,
      'accept-post': ACCEPTED.join(', '),
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'Authorization, Content-Type, Content-Disposition',
      'access-control-max-age': '3600',
    })
    .send()
}

const say = (reply: FastifyReply, code: number, text: string) =>
  reply.code(code).type('text/plain; charset=utf-8').send(`${text}\n`)

class Filehost {
  readonly #deps: FilehostDeps
  /** Who is uploading just now: one file at a time, so that the quota holds. */
  readonly #uploading = new Set<number>()

  constructor(deps: FilehostDeps) {
    this.#deps = deps
  }

  async upload(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // What is not read of a refused body must not be taken for the next request.
    reply.header('connection', 'close')
    const user = await this.#user(request, reply)
    if (!user) return reply
    const mediaType = parseMediaType(request.headers['content-type'])
    if (mediaType === undefined) {
      return say(
        reply.header('accept-post', ACCEPTED.join(', ')),
        415,
        'Files of this type are not taken',
      )
    }
    if (this.#uploading.has(user.id) || this.#uploading.size >= AT_ONCE) {
      return say(
        reply.header('retry-after', '10'),
        429,
        'Another upload is under way: try again later',
      )
    }
    this.#uploading.add(user.id)
    try {
      return await this.#take(user, mediaType, request, reply)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      return say(reply, 507, 'The bouncer cannot store anything now')
    } finally {
      this.#uploading.delete(user.id)
    }
  }

  show({ params, headers }: FastifyRequest<Named>, reply: FastifyReply): FastifyReply {
    const upload = this.#find(params.name)
    if (!upload) return say(reply, 404, 'There is no such file')
    const range = parseRange(headers.range, upload.bytes)
    reply.headers(headersOf(upload.mediaType, upload.fileName))
    if (range === 'unsatisfiable') {
      return reply.code(416).header('content-range', `bytes */${upload.bytes}`).send()
    }
    const { start, end } = range ?? { start: 0, end: upload.bytes - 1 }
    reply.header('content-length', end - start + 1)
    if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${upload.bytes}`)
    if (upload.bytes === 0) return reply.send()
    return reply.send(this.#deps.bouncer.store.uploads.read(upload, { start, end }))
  }

  async remove(request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> {
    const user = await this.#user(request, reply)
    if (!user) return reply
    const { uploads } = this.#deps.bouncer.store
    const upload = this.#find(request.params.name)
    const isHers = upload !== undefined && uploads.remove(user.id, upload.name)
    return isHers ? reply.code(204).send() : say(reply, 404, 'There is no such file of yours')
  }

  async #take(
    user: UserRecord,
    mediaType: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { bouncer, url, fileBytes, quotaBytes } = this.#deps
    const { uploads } = bouncer.store
    const left = quotaBytes - uploads.bytes(user.id)
    const most = Math.min(fileBytes, left)
    const isTooLarge = Number(request.headers['content-length'] ?? 0) > most
    const tooLarge = () =>
      most < fileBytes
        ? say(
            reply,
            413,
            `Your files may have ${quotaBytes} bytes together, ${Math.max(0, left)} are left`,
          )
        : say(reply, 413, `A file may have ${fileBytes} bytes`)
    if (isTooLarge || most <= 0) return tooLarge()
    allowUpload(request, LEAST_UPLOAD_BYTES)
    const about = {
      userId: user.id,
      fileName: parseFileName(request.headers['content-disposition']),
      mediaType,
      createdAt: bouncer.clock.now(),
    }
    const result = await uploads.write(about, request.raw, most).catch((error: unknown) => {
      // The client went away in the middle.
      if (request.raw.destroyed && !request.raw.complete) return
      throw error
    })
    if (!result) return say(reply, 400, 'The upload broke off')
    if (!result.ok)
      return result.reason === 'too large' ? tooLarge() : say(reply, 507, 'The disk is full')
    const address = `${url}/${result.upload.name}${extensionOf(mediaType)}`
    return say(reply.header('location', address), 201, address)
  }

  /** By the name in its address, with or without the ending that we put there. */
  #find(given: string) {
    const upload = this.#deps.bouncer.store.uploads.get(given.slice(0, 22))
    const rest = given.slice(22)
    return upload && (rest === '' || rest === extensionOf(upload.mediaType)) ? upload : undefined
  }

  /** Who it is; undefined when the answer was given. */
  async #user(request: FastifyRequest, reply: FastifyReply): Promise<UserRecord | undefined> {
    const result = await logIn(this.#deps.bouncer, request)
    if (result?.ok) return result.user
    reply.header('www-authenticate', 'Basic realm="Fuchsbau", charset="UTF-8"')
    say(reply, 401, result?.reason ?? 'Log in as on IRC: by Basic or Bearer')
    return
  }
}
