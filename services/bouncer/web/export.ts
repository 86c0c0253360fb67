// A conversation as a file to keep.
import { sendDownload } from '@fuchsbau/shared/page/download.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyReply } from 'fastify'
import { exportHistory } from '../history/export.ts'
import { sendError } from './send.ts'
import type { NetworkVisit } from './visit.ts'

const TYPES = { text: 'text/plain; charset=utf-8', json: 'application/json; charset=utf-8' }

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
  const fileName = `${file}.${format === 'json' ? 'json' : 'txt'}`
  const pieces = exportHistory(store, network.record, target, format)
  return sendDownload(reply, { fileName, type: TYPES[format] }, pieces)
}
