// `/repositories/NAME`, `…/tags/TAG`, `…/digests/DIGEST`: names have slashes, so that an address is read from its right end.
import type { FastifyReply } from 'fastify'
import { parseReference, parseRepository } from '../name.ts'
import { showImage } from './image.ts'
import { showRepository } from './repository.ts'
import { sendError } from './send.ts'
import { mayNot, type Visit } from './visit.ts'

/** What she may not read is not there. Who may read nothing of that name is told why. */
export async function browse(visit: Visit): Promise<FastifyReply> {
  const path = visit.request.params['*'] ?? ''
  const [, name = path, reference] = /^(.+)\/(?:tags|digests)\/([^/]+)$/.exec(path) ?? []
  const repository = parseRepository(name)
  if (!repository) return sendError(visit, 404)
  const why = mayNot(visit, 'pull', repository)
  if (why) return sendError(visit, 403, why)
  if (reference === undefined) return await showRepository(visit, repository)
  const named = parseReference(reference)
  return named ? await showImage(visit, repository, named) : sendError(visit, 404)
}
