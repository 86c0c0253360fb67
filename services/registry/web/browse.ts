// `/repositories/NAME`, `…/tags/TAG`, `…/digests/DIGEST`: names have slashes, so that an address is read from its right end.
import type { FastifyReply } from 'fastify'
import { parseReference, parseRepository } from '../name.ts'
import { sendDenied } from './denied.ts'
import { showImage } from './image.ts'
import { showRepository } from './repository.ts'
import { sendError } from './send.ts'
import { mayNot, type Visit } from './visit.ts'

/** Who may read nothing of that name is told why, before anybody has looked whether it is there. */
export async function browse(visit: Visit): Promise<FastifyReply> {
  const path = visit.request.params['*'] ?? ''
  const [, name = path, reference] = /^(.+)\/(?:tags|digests)\/([^/]+)$/.exec(path) ?? []
  const repository = parseRepository(name)
  if (!repository) return sendError(visit, 404)
  if (mayNot(visit, 'pull', repository)) return sendDenied(visit, 'pull', repository)
  if (reference === undefined) return await showRepository(visit, repository)
  const named = parseReference(reference)
  return named ? await showImage(visit, repository, named) : sendError(visit, 404)
}
