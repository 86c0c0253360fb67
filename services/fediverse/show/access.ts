// Who may have what of a user as a document: public posts are for all (with authorized fetch: for who signs), others for
// those whom they are addressed to.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Gate } from '../activitypub/gate.ts'
import type { Context } from '../context.ts'

export interface AccessParts {
  context: Context
  gate: Gate
  isFetchAuthorized: boolean
}

/** `private`: this one may have it, caches may not keep it. */
export type Visibility = 'public' | 'private' | 'hidden' | 'gone' | 'unauthorized'

/** Public posts are for all, others for whom they are addressed to and who signs for it. */
export async function visibilityFor(
  parts: AccessParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { user, id }: { user: string; id: string },
): Promise<Visibility> {
  const { context } = parts
  const object = context.store.objects.get(id)
  if (object?.kind === 'tombstone') return 'gone'
  if (object?.kind !== 'post' && object?.kind !== 'announce') return 'hidden'
  if (object.audience === 'public' || object.audience === 'unlisted') {
    return (await isAllowed(parts, request, reply, [user])) ? 'public' : 'unauthorized'
  }
  const signer = await signerOf(parts, request, [user])
  if (!signer || !object.local) return 'hidden'
  const isFollower =
    context.store.relations.get(object.local, 'followers', signer)?.state === 'accepted'
  const isRecipient = object.recipients?.includes(signer) ?? false
  return isRecipient || (object.audience === 'followers' && isFollower) ? 'private' : 'hidden'
}

/** Who signed a request, if these users hear her. */
async function signerOf(
  { context, gate }: AccessParts,
  request: FastifyRequest,
  users: readonly string[],
): Promise<string | undefined> {
  if (!request.headers.signature) return
  const { method, headers } = request
  const { url: target = '', rawHeaders } = request.raw
  const signed = await gate.verify({ method, target, headers, rawHeaders, body: Buffer.alloc(0) })
  if (!signed.ok) return
  const { owner } = signed
  const isBlocked = users.some((user) => context.store.relations.get(user, 'blocks', owner))
  return isBlocked ? undefined : owner
}

/** With authorized fetch, only a request signed by somebody who is not blocked gets an answer. */
export async function isAllowed(
  parts: AccessParts,
  request: FastifyRequest,
  reply: FastifyReply,
  users: readonly string[],
): Promise<boolean> {
  if (!parts.isFetchAuthorized) return true
  reply.header('cache-control', 'private, no-cache').header('vary', 'accept, signature')
  return (await signerOf(parts, request, users)) !== undefined
}
