// A post with what it answers and what answers it.

import type { Context } from '../context.ts'
import type { StoredObject } from '../store/objects.ts'
import type { PostView, ThreadView } from '../web/views.ts'
import { postView } from './post.ts'

const MAX_ANCESTORS = 40
const MAX_REPLIES = 200
const MAX_DEPTH = 12

/** The thread around a post, as far as it is known here and this reader may see it. */
export function threadView(
  context: Context,
  id: string,
  reader?: string,
): ThreadView | 'gone' | undefined {
  const object = context.store.objects.get(id)
  if (object?.kind === 'tombstone' && object.local) return 'gone'
  const post = object?.kind === 'post' ? postView(context, object, reader) : undefined
  if (!object || !post) return
  return {
    ancestors: ancestorsOf(context, object, reader),
    post,
    replies: repliesTo(context, id, reader),
  }
}

function ancestorsOf(context: Context, object: StoredObject, reader?: string): PostView[] {
  const ancestors: PostView[] = []
  const seen = new Set([object.id])
  let next = object.inReplyTo
  while (next && !seen.has(next) && ancestors.length < MAX_ANCESTORS) {
    seen.add(next)
    const parent = context.store.objects.get(next)
    const view = parent?.kind === 'post' ? postView(context, parent, reader) : undefined
    if (!parent || !view) break
    ancestors.unshift(view)
    next = parent.inReplyTo
  }
  return ancestors
}

/** Depth first, oldest first. */
function repliesTo(context: Context, id: string, reader?: string): ThreadView['replies'] {
  const found: ThreadView['replies'] = []
  const seen = new Set([id])
  const visit = (parent: string, depth: number) => {
    for (const reply of context.store.objects.about('replies', parent, MAX_REPLIES)) {
      if (seen.has(reply.id) || found.length >= MAX_REPLIES) continue
      seen.add(reply.id)
      const post = postView(context, reply, reader)
      if (!post) continue
      found.push({ post, depth })
      if (depth < MAX_DEPTH) visit(reply.id, depth + 1)
    }
  }
  visit(id, 1)
  return found
}
