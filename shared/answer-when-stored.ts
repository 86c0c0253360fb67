// An answer says that something was done: it goes out when that is stored, and says so when it could not be.
import type { FastifyInstance } from 'fastify'
import type { Turn } from './database/turn.ts'

/** Commits what a request changed before its answer is sent; if that fails the answer is 503, and nothing was changed. */
export function answerWhenStored(
  app: FastifyInstance,
  store: Pick<Turn, 'commitTurn' | 'onFailed'>,
): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    let reason: string | undefined
    const stop = store.onFailed((failure) => {
      reason = failure
    })
    store.commitTurn()
    stop()
    if (reason === undefined) return payload
    for (const header of ['location', 'set-cookie', 'content-length', 'etag'])
      reply.removeHeader(header)
    reply.code(503).type('text/plain; charset=utf-8').header('cache-control', 'no-store')
    return `Nothing was changed, because it cannot be stored: ${reason}. Try again later.\n`
  })
}
