// A conversation as a file to keep.
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply } from 'fastify'
import { exportHistory } from '../history/export.ts'
import { sendError } from './send.ts'
import type { NetworkVisit } from './visit.ts'

const TYPES = { text: 'text/plain; charset=utf-8', json: 'application/json; charset=utf-8' }

/** Streamed as fast as it is read: one page of lines in memory, and one in a turn of the event loop. */
export function exportConversation(visit: NetworkVisit): FastifyReply {
  const { web, network, request, reply } = visit
  const target = queryOf(request, 'target') ?? ''
  const format = queryOf(request, 'format') === 'json' ? 'json' : 'text'
  const { store } = web.bouncer
  const { id, name } = network.record
  const folded = network.fold(target)
  const isKnown = store.messages.sizes(id).some(({ foldedTarget }) => foldedTarget === folded)
  if (!isKnown) return sendError(visit, 404)
  const file = `${name}-${target}`.replace(/[^\w.-]+/g, '_').slice(0, 100)
  const pieces = inTurns(exportHistory(store, network.record, target, format))
  return reply
    .headers({
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `attachment; filename="${file}.${format === 'json' ? 'json' : 'txt'}"`,
    })
    .type(TYPES[format])
    .send(Readable.from(pieces, { highWaterMark: 1 }))
}

async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece
    await nextTurn()
  }
}
