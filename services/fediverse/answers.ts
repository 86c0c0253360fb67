// The ready answers of this service: which bytes there are, and what makes them stale.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { activityOf } from './activitypub/collection.ts'
import { currentDocument } from './activitypub/current.ts'
import type { Json } from './activitypub/document.ts'
import { tombstone } from './activitypub/object.ts'
import { answerWebFinger } from './activitypub/webfinger.ts'
import { type Answer, ByteCache, hasTag } from './byte-cache.ts'
import type { Context } from './context.ts'
import type { StoredObject } from './store/objects.ts'

export const ACTIVITY_JSON = 'application/activity+json; charset=utf-8'
export const JRD_JSON = 'application/jrd+json; charset=utf-8'

export type Answered = Answer | undefined

export interface Answers {
  /** The JSON that `make` returns, kept until one of the tags is touched. */
  json(key: string, make: () => object | undefined, tags: string[], contentType?: string): Answered
  /** A page, likewise. */
  page(key: string, make: () => string | undefined, tags: string[]): Answered
  webFinger(resource: string): Answered
  tombstone(id: string): Answered
  postOf(id: string): Json | undefined
  createOf(id: string): Json | undefined
  /** Sends an answer with its ETag, 304 where the client has it, 404 where there is none. */
  send(request: FastifyRequest, reply: FastifyReply, answer: Answered): FastifyReply
}

const MAX_BYTES = 16 * 1024 * 1024

export function makeAnswers(context: Context): Answers {
  const cache = new ByteCache(MAX_BYTES)
  context.store.tree.onChange((path, value) => {
    for (const tag of touchedTags(context, path, value)) cache.touch(tag)
  })
  const json: Answers['json'] = (key, make, tags, contentType = ACTIVITY_JSON) =>
    cache.get(key, () => {
      const value = make()
      return value && { body: JSON.stringify(value), contentType, tags }
    })
  const ownObject = (id: string) => context.store.objects.get(id)
  return {
    json,
    // A key of its own: a post is a document and a page, and who may have the one may not always have the other.
    page: (key, make, tags) =>
      cache.get(`page ${key}`, () => {
        const body = make()
        return body === undefined
          ? undefined
          : { body, contentType: 'text/html; charset=utf-8', tags }
      }),
    webFinger: (resource) =>
      json(
        `webfinger ${resource}`,
        () => {
          const answer = answerWebFinger(context, resource)
          return answer.ok ? answer.jrd : undefined
        },
        ['instance'],
        JRD_JSON,
      ),
    tombstone: (id) => json(`tombstone ${id}`, () => tombstone(id), [`object ${id}`]),
    postOf: (id) => {
      const object = ownObject(id)
      return object && currentDocument(context, object)
    },
    createOf: (id) => {
      const object = ownObject(id)
      return object && activityOf(context, object)
    },
    send(request, reply, answer) {
      if (!answer) return reply.code(404).type(ACTIVITY_JSON).send('{"error":"not found"}')
      reply.header('etag', answer.etag)
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
      const isKnown = hasTag(request.headers['if-none-match'], answer.etag)
      if (isKnown && reply.statusCode === 200) return reply.code(304).send()
      return reply.header('content-type', answer.contentType).send(answer.bytes)
    },
  }
}

/** What a changed file may be seen in. */
function touchedTags({ urls }: Context, path: string, value: unknown): string[] {
  const relation = /^users\/([^/]+)\/(?:followers|following)\//.exec(path)
  if (relation?.[1]) return [`relations ${relation[1]}`]
  const user = /^users\/([^/]+)\.json$/.exec(path)
  if (user?.[1]) return [`profile ${user[1]}`, 'instance']
  if (!path.startsWith('objects/') || value === undefined) return []
  const object = value as StoredObject
  const tags = object.local ? [`posts ${object.local}`, `object ${object.id}`, 'instance'] : []
  for (const about of [object.target, object.inReplyTo]) {
    const owner = about && urls.ownerOf(about)
    if (owner) tags.push(`object ${about}`, `reactions ${owner}`)
  }
  // A buried reply or like no longer says what it was about.
  if (object.kind === 'tombstone' && !object.local) tags.push('buried')
  return tags
}
