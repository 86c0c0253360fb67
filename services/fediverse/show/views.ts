// What the pages read: every view model, made from the store.

import { raw } from '@fuchsbau/shared/html.ts'
import { formatCursor, parseCursor } from '../activitypub/collection.ts'
import { parsePost } from '../activitypub/document.ts'
import type { Context } from '../context.ts'
import { renderProfile } from '../post/profile.ts'
import { plainText, sanitize } from '../post/sanitize.ts'
import { indexes } from '../store/layout.ts'
import type { Relation } from '../store/relations.ts'
import type { User } from '../store/users.ts'
import type { Views } from '../web/deps.ts'
import type {
  DraftView,
  NotificationView,
  PageOf,
  PeopleList,
  PeopleView,
  PostView,
  ProfileView,
  RelationView,
} from '../web/views.ts'
import { feedView } from './feed.ts'
import { notificationView } from './notification.ts'
import { movedView, personView } from './person.ts'
import { postView } from './post.ts'
import { tagView } from './tag.ts'
import { threadView } from './thread.ts'

const PAGE_SIZE = 30

export function makeViews(context: Context): Views {
  const { store, urls } = context
  return {
    landing: () => ({
      about: '',
      people: store.users.names().flatMap((name) => {
        const user = store.users.get(name)
        if (!user) return []
        const posts = store.tree.index.count(indexes.posts(name))
        return [
          {
            person: personView(context, urls.actor(name)),
            bio: plainText(renderProfile(context, user).summary),
            posts,
          },
        ]
      }),
    }),
    profile: (user, before) => profileView(context, user, before),
    thread: (id) => threadView(context, id),
    viewer(name) {
      const user = store.users.get(name)
      return (
        user && {
          person: personView(context, urls.actor(name)),
          user: name,
          language: user.language,
          unread: unreadCount(context, name),
          requests: store.relations.requested(name, 'followers').length,
        }
      )
    },
    home: (user, before) => postPage(context, indexes.home(user), before, user),
    notifications(user, before) {
      const seenAt = store.notices.seenAt(user)
      const page = notificationPage(context, user, before, seenAt)
      const [newest] = page.items
      if (page.isFirst && newest && newest.at > seenAt) store.notices.markSeen(user, newest.at)
      return page
    },
    tag: (name, before) => tagView(context, name, before),
    feed: (user) => feedView(context, user),
    people: (user, list, before) => peopleView(context, user, list, before),
    ownThread: (user, id) => threadView(context, id, user),
    draft: (user, id) => draftView(context, user, id),
    profileDraft(name) {
      const user = store.users.get(name)
      if (!user) return
      const {
        displayName,
        bio,
        fields,
        language,
        isLocked,
        isDiscoverable,
        isBot,
        avatar,
        header,
      } = user
      return {
        displayName,
        bio,
        fields,
        language,
        isLocked,
        isDiscoverable,
        isBot,
        ...(avatar ? { avatarUrl: urls.media(name, avatar) } : {}),
        ...(header ? { headerUrl: urls.media(name, header) } : {}),
      }
    },
  }
}

/** Posts of an index that this reader may see. */
function postPage(
  context: Context,
  index: string,
  before: string | undefined,
  reader?: string,
): PageOf<PostView> {
  const cursor = parseCursor(before)
  const { objects, next } = context.store.objects.newest(index, PAGE_SIZE, cursor)
  const items = objects.flatMap((object) => postView(context, object, reader) ?? [])
  return { items, isFirst: cursor === undefined, ...(next ? { next: formatCursor(next) } : {}) }
}

function profileView(
  context: Context,
  name: string,
  before: string | undefined,
): ProfileView | undefined {
  const { store, urls } = context
  const user = store.users.get(name)
  if (!user) return
  const posts = postPage(context, indexes.posts(name), before)
  const rendered = renderProfile(context, user)
  return {
    person: personView(context, urls.actor(name)),
    bio: raw(sanitize(rendered.summary).html),
    fields: rendered.fields.map((field) => ({
      name: field.name,
      value: raw(sanitize(field.value, { isOwnProfile: true }).html),
    })),
    counts: {
      posts: store.tree.index.count(indexes.posts(name)),
      following: store.relations.count(name, 'following'),
      followers: store.relations.count(name, 'followers'),
    },
    pinned: posts.isFirst ? pinnedViews(context, user) : [],
    posts,
    createdAt: user.createdAt,
    isBot: user.isBot,
    isLocked: user.isLocked,
    isDiscoverable: user.isDiscoverable,
    ...(user.header ? { headerUrl: urls.media(name, user.header) } : {}),
    ...(user.movedTo ? { movedTo: movedView(context, user.movedTo) } : {}),
  }
}

function pinnedViews(context: Context, { pinned }: User): PostView[] {
  return pinned.flatMap((id) => {
    const object = context.store.objects.get(id)
    const view = object && postView(context, object)
    return view ? [{ ...view, isPinned: true }] : []
  })
}

function notificationPage(
  context: Context,
  user: string,
  before: string | undefined,
  seenAt: number,
): PageOf<NotificationView> {
  const cursor = parseCursor(before)
  const { objects, next } = context.store.objects.newest(
    indexes.notifications(user),
    PAGE_SIZE,
    cursor,
  )
  const items = objects.flatMap((object) => notificationView(context, user, object, seenAt) ?? [])
  return { items, isFirst: cursor === undefined, ...(next ? { next: formatCursor(next) } : {}) }
}

const MAX_UNREAD = 99

function unreadCount(context: Context, user: string): number {
  const seenAt = context.store.notices.seenAt(user)
  let count = 0
  for (const { at } of context.store.tree.index.newest(indexes.notifications(user))) {
    if (at <= seenAt || count >= MAX_UNREAD) break
    count += 1
  }
  return count
}

function peopleView(
  context: Context,
  user: string,
  list: PeopleList,
  before: string | undefined,
): PeopleView {
  const { relations } = context.store
  const requests = relations.requested(user, 'followers')
  const pending = relations.requested(user, 'following')
  const all: Relation[] = {
    following: () => [...pending, ...relations.list(user, 'following')],
    followers: () => [...relations.list(user, 'followers')],
    requests: () => requests,
    blocked: () => [...relations.list(user, 'blocks')],
  }[list]()
  const start = before && /^\d{1,7}$/.test(before) ? Number(before) : 0
  const items = all
    .slice(start, start + PAGE_SIZE)
    .map((relation) => relationView(context, user, relation))
  const next = start + PAGE_SIZE < all.length ? { next: String(start + PAGE_SIZE) } : {}
  return {
    list,
    counts: {
      following: relations.count(user, 'following') + pending.length,
      followers: relations.count(user, 'followers'),
      requests: requests.length,
      blocked: relations.count(user, 'blocks'),
    },
    people: { items, isFirst: start === 0, ...next },
  }
}

function relationView(context: Context, user: string, { actor }: Relation): RelationView {
  const { relations } = context.store
  const following = relations.get(user, 'following', actor)?.state
  return {
    person: personView(context, actor),
    isPending: following === 'requested',
    isFollowing: following === 'accepted',
    isFollower: relations.get(user, 'followers', actor)?.state === 'accepted',
  }
}

function draftView(context: Context, user: string, id: string): DraftView | undefined {
  const object = context.store.objects.get(id)
  if (object?.kind !== 'post' || object.local !== user || !object.document) return
  const post = parsePost(object.document)
  const parent = object.inReplyTo ? context.store.objects.get(object.inReplyTo) : undefined
  const reply = parent && postView(context, parent, user)
  return {
    text: object.source ?? '',
    warning: post?.summary ?? '',
    language: post?.language ?? 'en',
    audience: object.audience,
    editOf: id,
    attachments: (post?.attachments ?? []).map((attachment) => ({
      ...attachment,
      name: attachment.name ?? '',
    })),
    ...(reply ? { reply } : {}),
  }
}
