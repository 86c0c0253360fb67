// What the feed of a user has: her own public posts, newest first, without boosts.

import type { Context } from '../context.ts'
import { renderProfile } from '../post/profile.ts'
import { plainText } from '../post/sanitize.ts'
import type { IndexRecord } from '../store/index-file.ts'
import { indexes } from '../store/layout.ts'
import type { StoredObject } from '../store/objects.ts'
import type { AttachmentView, EnclosureView, FeedView } from '../web/views.ts'
import { personView } from './person.ts'
import { postView } from './post.ts'

const POSTS = 20
/** Between them may lie what is not public: so many pages of the index are looked through. */
const PAGES = 10

/** Undefined: there is no such user. */
export function feedView(context: Context, name: string): FeedView | undefined {
  const { store, urls } = context
  const user = store.users.get(name)
  if (!user) return
  const posts = publicPosts(context, name).flatMap((object) => {
    const post = postView(context, object)
    return post ? [{ post, enclosures: post.attachments.flatMap(enclosureOf(context)) }] : []
  })
  return {
    person: personView(context, urls.actor(name)),
    about: plainText(renderProfile(context, user).summary),
    language: user.language,
    posts,
  }
}

function publicPosts({ store }: Context, name: string): StoredObject[] {
  const found: StoredObject[] = []
  let before: IndexRecord | undefined
  for (let page = 0; page < PAGES && found.length < POSTS; page += 1) {
    const { objects, next } = store.objects.newest(indexes.posts(name), POSTS, before)
    found.push(...objects.filter(({ kind, audience }) => kind === 'post' && audience === 'public'))
    if (!next) break
    before = next
  }
  return found.slice(0, POSTS)
}

/** With its size, which a feed must tell: 0 for a file that is not ours. */
const enclosureOf =
  ({ store, urls }: Context) =>
  (attachment: AttachmentView): EnclosureView[] => {
    const { url } = attachment
    if (!/^https?:/i.test(url)) return []
    const [user = '', kind, file = ''] = urls.isLocal(url)
      ? url.slice(urls.base.length + 1).split('/')
      : []
    const bytes = kind === 's' ? store.media.read(user, file)?.size : undefined
    return [{ ...attachment, bytes: bytes ?? 0 }]
  }
