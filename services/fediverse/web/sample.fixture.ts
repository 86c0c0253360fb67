// A made-up den for the tests of the pages: every interface of WebDeps in memory, and posts of every kind.
import { createHash, randomBytes } from 'node:crypto'
import { raw } from '@fuchsbau/shared/html.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { sanitize } from '../post/sanitize.ts'
import {
  type ActorVerb,
  actorVerbs,
  type Outcome,
  type PostVerb,
  postVerbs,
  type WebDeps,
} from './deps.ts'
import type { OwnView, PersonView, PostView, ProfileView, RelationView } from './views.ts'

export const NASTY = '<script>alert("x")</script>'
export const NOW = Date.UTC(2026, 10, 22, 18, 36)

const HOUR = 3_600_000
const done: Outcome = { ok: true }

export type Call = [verb: string, ...args: unknown[]]

export type Sample = {
  deps: WebDeps
  /** The verbs that were called, in order. */
  calls: Call[]
  /** What the verbs answer next. */
  answer: { outcome: Outcome }
  /** The contents of uploaded files. */
  uploads: string[]
}

export function makeSample(base = 'http://localhost:3000'): Sample {
  const calls: Call[] = []
  const uploads: string[] = []
  const answer = { outcome: done }
  const kept = new Map<string, { bytes: Buffer; etag: string }>()
  const call =
    (verb: string) =>
    async (...args: unknown[]) => {
      calls.push([verb, ...args])
      return answer.outcome
    }
  const deps: WebDeps = {
    base,
    software: { name: 'fuchsbau', version: '0.1.0' },
    clock: { now: () => NOW, after: () => ({ cancel: () => {} }) },
    log: silentLog(),
    sessions: makeSessions(),
    verifyPassword: async (user, password) => user === 'reynard' && password === 'geheim',
    provider: undefined,
    linkByUserName: false,
    links: makeLinks(),
    views: makeViews(base),
    verbs: {
      publish: call('publish'),
      edit: call('edit'),
      vote: call('vote'),
      changeProfile: call('changeProfile'),
      async upload(user, { stream, mediaType, isTruncated }) {
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(chunk as Buffer)
        calls.push(['upload', user, mediaType])
        if (isTruncated()) return { ok: false, message: 'The file is too large.' }
        uploads.push(Buffer.concat(chunks).toString())
        return {
          ok: true,
          attachment: { url: `${base}/reynard/s/${uploads.length}.png`, mediaType, name: '' },
        }
      },
      onPost: Object.fromEntries(postVerbs.map((verb) => [verb, call(verb)])) as Record<
        PostVerb,
        typeof notUsed
      >,
      onActor: Object.fromEntries(actorVerbs.map((verb) => [verb, call(verb)])) as Record<
        ActorVerb,
        typeof notUsed
      >,
    },
    keep(key, _about, make) {
      const page = kept.get(key)?.bytes ?? make()
      if (page === undefined) return
      const bytes = Buffer.from(page)
      const entry = {
        bytes,
        etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      }
      kept.set(key, entry)
      return entry
    },
    limits: { textChars: 5_000, attachments: 4, pollOptions: 10, uploadBytes: 10_000 },
  }
  return { deps, calls, answer, uploads }
}

const notUsed = async (_user: string, _id: string): Promise<Outcome> => done

function makeSessions(): WebDeps['sessions'] {
  const sessions = new Map<string, { user: string }>()
  return {
    async create(user) {
      const token = randomBytes(32).toString('base64url')
      sessions.set(token, { user })
      return token
    },
    find: (token) => sessions.get(token),
    async end(token) {
      sessions.delete(token)
    },
  }
}

function makeLinks(): WebDeps['links'] {
  const links = new Map<string, string>()
  return {
    find: (subject) => links.get(subject),
    async link(user, subject) {
      if ([...links.values()].includes(user)) return { ok: false, message: 'Linked to another.' }
      links.set(subject, user)
      return done
    },
  }
}

const content = (source: string) => raw(sanitize(source).html)

export function samplePeople(
  base: string,
): Record<'reynard' | 'vixen' | 'badger' | 'nasty', PersonView> {
  return {
    reynard: {
      id: `${base}/reynard`,
      name: 'Reynard',
      handle: '@reynard@den.example',
      url: `${base}/reynard`,
      avatarUrl: `${base}/logo.svg`,
    },
    vixen: {
      id: 'https://wood.example/users/vixen',
      name: 'Vixen of the Wood',
      handle: '@vixen@wood.example',
      url: 'https://wood.example/@vixen',
    },
    badger: {
      id: 'https://sett.example/u/badger',
      name: '',
      handle: '@badger@sett.example',
      url: 'https://sett.example/@badger',
    },
    nasty: {
      id: 'https://evil.example/x',
      name: `${NASTY} \u202eevil`,
      handle: '@nasty@evil.example',
      url: 'https://evil.example/"><script>',
    },
  }
}

const post = (
  author: PersonView,
  key: string,
  html: string,
  more: Partial<PostView> = {},
): PostView => ({
  id: `${author.id}/p/${key}`,
  url: `${author.id}/p/${key}`,
  key,
  author,
  publishedAt: NOW - 5 * HOUR,
  audience: 'public',
  language: 'en',
  isSensitive: false,
  content: content(html),
  attachments: [],
  counts: { replies: 0, boosts: 0, likes: 0 },
  ...more,
})

const own = (more: Partial<OwnView> = {}): OwnView => ({
  ...{
    isAuthor: false,
    isLiked: false,
    isBoosted: false,
    isPinned: false,
    canBoost: true,
    votes: [],
  },
  ...more,
})

/** Posts of every kind, newest first. */
export function samplePosts(base: string): PostView[] {
  const { reynard, vixen, badger, nasty } = samplePeople(base)
  return [
    post(
      reynard,
      'a1',
      '<p>First frost on the meadow this morning. The den is warm, the larder is full, and there is a new book about <a href="https://wood.example/tags/mycology" class="mention hashtag" rel="tag">#<span>mycology</span></a>.</p><p>Winter may come.</p>',
      {
        counts: { replies: 3, boosts: 2, likes: 14 },
        own: own({ isAuthor: true, isPinned: true }),
      },
    ),
    post(
      vixen,
      'a2',
      '<p>How I dug the second entrance: a long thread with too many pictures of mud.</p>',
      {
        publishedAt: NOW - 9 * HOUR,
        boostedBy: reynard,
        warning: 'Mud, lots of it',
        isSensitive: true,
        attachments: [
          {
            url: `${base}/logo.svg?big`,
            mediaType: 'image/png',
            name: 'A muddy slope with a dark hole in it; two ears look out.',
            width: 640,
            height: 400,
          },
        ],
        counts: { replies: 0, boosts: 8, likes: 1_234 },
        own: own({ isLiked: true, isBoosted: true }),
      },
    ),
    post(badger, 'a3', '<p>Which door do you use?</p>', {
      publishedAt: NOW - 26 * HOUR,
      audience: 'unlisted',
      poll: {
        options: [
          { name: 'The front door', votes: 12 },
          { name: 'The one under the roots', votes: 31 },
          { name: 'None, I never leave', votes: 7 },
        ],
        isMultiple: false,
        voters: 50,
        endsAt: NOW + 20 * HOUR,
        isClosed: false,
      },
      own: own(),
    }),
    post(
      reynard,
      'a4',
      '<p><span class="h-card"><a href="https://wood.example/@vixen" class="u-url mention">@<span>vixen</span></a></span> As the old book says:</p><blockquote><p>A fox that digs one hole sleeps with one eye open.</p></blockquote><pre><code>dig --holes 3 --depth 2m\n</code></pre><p>More at <a href="https://wood.example/very/long/path/that/goes/on/and/on/until/it/would/break/the/page/if/it/were/not/for/the/style/sheet">https://wood.example/very/long/path/that/goes/on/and/on/until/it/would/break/the/page</a></p>',
      {
        publishedAt: NOW - 30 * HOUR,
        editedAt: NOW - 29 * HOUR,
        inReplyTo: { handle: '@vixen@wood.example', url: 'https://wood.example/@vixen/1' },
        attachments: [
          { url: `${base}/logo.svg?1`, mediaType: 'image/png', name: 'A fox in a burrow' },
          { url: `${base}/logo.svg?2`, mediaType: 'image/png', name: '' },
        ],
        own: own({ isAuthor: true }),
      },
    ),
    post(nasty, 'a5', `<p onclick="x">${NASTY}<img src=x onerror=alert(1)>hello</p>`, {
      publishedAt: NOW - 40 * HOUR,
      warning: NASTY,
      title: NASTY,
      language: '"><script>',
      inReplyTo: { handle: NASTY },
      attachments: [{ url: 'javascript:alert(1)', mediaType: NASTY, name: NASTY }],
      poll: {
        options: [
          { name: NASTY, votes: 1 },
          { name: 'b', votes: 0 },
        ],
        isMultiple: true,
        isClosed: true,
      },
      own: own({ votes: [NASTY] }),
    }),
    post(badger, 'a6', '<p>Only for your ears: the acorns are behind the third stone.</p>', {
      publishedAt: NOW - 50 * HOUR,
      audience: 'direct',
      own: own({ canBoost: false }),
    }),
  ]
}

function makeViews(base: string): WebDeps['views'] {
  const { reynard, vixen, badger, nasty } = samplePeople(base)
  const posts = samplePosts(base)
  const [first, second, third, fourth, fifth] = posts as [
    PostView,
    PostView,
    PostView,
    PostView,
    PostView,
  ]
  const publicPosts = posts
    .filter(({ audience }) => audience === 'public')
    .map(({ own: _own, ...rest }) => rest)
  const [publicFirst] = publicPosts as [PostView]
  const relation = (person: PersonView, more: Partial<RelationView> = {}): RelationView => ({
    ...{ person, isPending: false, isFollowing: true, isFollower: false },
    ...more,
  })
  const thread = {
    ancestors: [{ ...second, boostedBy: undefined as never }].map(
      ({ boostedBy: _, ...rest }) => rest,
    ),
    post: fourth,
    replies: [
      { post: { ...first, key: 'r1' }, depth: 1 },
      { post: { ...third, key: 'r2' }, depth: 2 },
      { post: { ...fifth, key: 'r3' }, depth: 1 },
    ],
  }
  const withoutOwn = ({ own: _own, ...rest }: PostView) => rest
  return {
    tag: (tag, before) =>
      tag === 'fox'
        ? {
            tag,
            id: `${base}/?t=${tag}`,
            count: 61,
            posts: before
              ? { items: [publicFirst], isFirst: false }
              : { items: publicPosts, isFirst: true, next: '1-abc' },
          }
        : undefined,
    feed: (user) =>
      user === 'reynard'
        ? {
            person: reynard,
            about: 'Sly & well read',
            language: 'en',
            posts: publicPosts.map((post) => ({
              post,
              enclosures: post.attachments
                .filter(({ url }) => url.startsWith('http'))
                .map((attachment) => ({ ...attachment, bytes: 1_234 })),
            })),
          }
        : undefined,
    landing: () => ({
      about: '',
      people: [{ person: reynard, bio: 'Sly, well read, usually underground.', posts: 128 }],
    }),
    profile(user, before) {
      if (user !== 'reynard') return
      const profile: ProfileView = {
        person: reynard,
        bio: content(
          '<p>Sly, well read, usually underground. Writes about mushrooms, tunnels and the people in them.</p>',
        ),
        fields: [
          {
            name: 'Home',
            value: raw(
              sanitize('<a href="https://den.example/">den.example</a>', { isOwnProfile: true })
                .html,
            ),
          },
          { name: NASTY, value: content(`<p>${NASTY}she/her</p>`) },
        ],
        counts: { posts: 128, following: 42, followers: 1_307 },
        pinned: before ? [] : [{ ...publicFirst, isPinned: true }],
        posts: before
          ? { items: publicPosts, isFirst: false }
          : { items: publicPosts, isFirst: true, next: '17/abc' },
        createdAt: Date.UTC(2021, 2, 4),
        isBot: false,
        isLocked: true,
        isDiscoverable: true,
      }
      return profile
    },
    thread(id) {
      if (id === `${base}/reynard/p/gone`) return 'gone'
      if (id !== first.id && id !== fourth.id) return
      return {
        ancestors: thread.ancestors.map(withoutOwn),
        post: withoutOwn(fourth),
        replies: thread.replies.map(({ post, depth }) => ({ post: withoutOwn(post), depth })),
      }
    },
    viewer: (user) =>
      user === 'reynard'
        ? { person: reynard, user, language: 'en', unread: 3, requests: 1 }
        : undefined,
    home: (_user, before) => ({
      items: posts,
      isFirst: !before,
      ...(before ? {} : { next: '16/def' }),
    }),
    notifications: (_user, before) => ({
      isFirst: !before,
      items: [
        {
          key: 'n1',
          kind: 'reply',
          who: vixen,
          at: NOW - HOUR,
          isNew: true,
          post: { ...second, key: 'n1p' },
        },
        { key: 'n2', kind: 'request', who: badger, at: NOW - 2 * HOUR, isNew: true },
        { key: 'n3', kind: 'like', who: vixen, at: NOW - 3 * HOUR, isNew: true, post: first },
        {
          key: 'n4',
          kind: 'reaction',
          who: nasty,
          at: NOW - 4 * HOUR,
          isNew: false,
          emoji: NASTY,
          post: first,
        },
        { key: 'n5', kind: 'follow', who: badger, at: NOW - 5 * HOUR, isNew: false },
      ],
    }),
    people: (_user, list) => ({
      list,
      counts: { following: 42, followers: 1_307, requests: 1, blocked: 0 },
      people: {
        isFirst: true,
        items:
          list === 'blocked'
            ? []
            : [
                relation(vixen),
                relation(badger, { isPending: true, isFollowing: false }),
                relation(nasty, { isFollowing: false, isFollower: true }),
              ],
      },
    }),
    ownThread: (_user, id) =>
      id === 'gone' ? 'gone' : posts.some((known) => known.id === id) ? thread : undefined,
    draft: (_user, id) =>
      id === fourth.id
        ? {
            text: 'As the old book says:',
            warning: '',
            language: 'en',
            audience: 'public',
            editOf: id,
            attachments: fourth.attachments,
          }
        : undefined,
    profileDraft: () => ({
      displayName: 'Reynard',
      bio: 'Sly, well read, usually *underground*.',
      fields: [{ name: 'Home', value: 'https://den.example/' }],
      language: 'en',
      isLocked: true,
      isDiscoverable: true,
      isBot: false,
      avatarUrl: `${base}/logo.svg`,
    }),
  }
}
