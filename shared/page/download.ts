// A long file that somebody keeps: it is streamed while it is made.
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'

export interface Download {
  /** Of letters, digits and `._-` only. */
  fileName: string
  type: string
}

/** Sends it as fast as it is read: one piece in memory, and one in a turn of the event loop. */
export function sendDownload(
  reply: FastifyReply,
  { fileName, type }: Download,
  pieces: Iterable<string>,
): FastifyReply {
  return reply
    .headers({
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `attachment; filename="${fileName}"`,
    })
    .type(type)
    .send(Readable.from(inTurns(pieces), { highWaterMark: 1 }))
}

async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece
    await nextTurn()
  }
}
