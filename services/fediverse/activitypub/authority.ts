// Whose word counts: an embedded object counts only from its author's own, verified host; anything else is fetched
// from where its id says that it lives. https://www.w3.org/TR/activitypub/#security-verification

import type { Context } from '../context.ts'
import { hostOf, type Json, type Post, parsePost, type Reference } from './document.ts'

export type Authoritative =
  | { ok: true; post: Post; document: Json }
  | { ok: false; isTemporary: boolean; message: string }

/** The embedded post if its author signed for it, else the one that its host serves. */
export async function authoritativePost(
  context: Context,
  object: Reference,
  verifiedActor: string | undefined,
): Promise<Authoritative> {
  const post = object.document && parsePost(object.document)
  if (
    post &&
    object.document &&
    post.attributedTo === verifiedActor &&
    hostOf(post.id) === hostOf(verifiedActor)
  ) {
    return { ok: true, post, document: object.document }
  }
  if (!object.id) return { ok: false, isTemporary: false, message: 'the object has no id' }
  return fetchPost(context, object.id)
}

/** A post from its own host; author and id must belong to that host. */
export async function fetchPost(context: Context, id: string): Promise<Authoritative> {
  if (context.urls.isLocal(id)) return { ok: false, isTemporary: false, message: `${id} is ours` }
  const fetched = await context.fetching.fetchDocument(id)
  if (!fetched.ok) {
    return { ok: false, isTemporary: isTemporary(fetched.kind), message: fetched.message }
  }
  const post = parsePost(fetched.document)
  if (!post) return { ok: false, isTemporary: false, message: `${id} is not a post` }
  const host = hostOf(fetched.url)
  if (hostOf(post.id) !== host || hostOf(post.attributedTo) !== host) {
    return { ok: false, isTemporary: false, message: `${id}: its host does not vouch for it` }
  }
  return { ok: true, post, document: fetched.document }
}

/** Whether it is worth asking again later, by the kind of a failed fetch. */
export const isTemporary = (kind: string): boolean =>
  ['timeout', 'network', 'status', 'busy'].includes(kind)
