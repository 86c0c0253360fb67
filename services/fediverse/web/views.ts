// What the pages show, and nothing else: whoever has the data makes these, the renderers turn them into HTML.
// Text is plain text (it is escaped here); `Html` was sanitised by who made it.
import type { Html } from '@fuchsbau/shared/html.ts'

export type Audience = 'public' | 'unlisted' | 'followers' | 'direct'

/** Image URLs of custom emoji by shortcode. */
export type EmojiView = ReadonlyMap<string, string>

export type PersonView = {
  /** Actor id. */
  id: string
  /** As she calls herself; '' when she does not. May have `:shortcodes:`. */
  name: string
  /** `@user@host` */
  handle: string
  /** Her page. */
  url: string
  avatarUrl?: string
  emoji?: EmojiView
}

export type AttachmentView = {
  url: string
  mediaType: string
  /** Alt text, '' when there is none. */
  name: string
  width?: number
  height?: number
}

export type PollView = {
  options: { name: string; votes: number }[]
  isMultiple: boolean
  /** People who voted; undefined when the server of the poll does not tell. */
  voters?: number
  endsAt?: number
  isClosed: boolean
}

/** What the signed-in reader did with a post and may do with it. */
export type OwnView = {
  isAuthor: boolean
  isLiked: boolean
  isBoosted: boolean
  isPinned: boolean
  /** Public and unlisted posts can be. */
  canBoost: boolean
  /** Options she chose in the poll. */
  votes: string[]
}

export type PostView = {
  /** ActivityPub id. */
  id: string
  /** Where it is read: our page, or that of its server. */
  url: string
  /** Stable and unique on a page, of letters, digits, `_` and `-`: the anchor to come back to. */
  key: string
  author: PersonView
  publishedAt: number
  editedAt?: number
  audience: Audience
  /** BCP 47, of the content. */
  language?: string
  /** Of an Article, Page, Video … */
  title?: string
  /** Content warning. */
  warning?: string
  isSensitive: boolean
  content: Html
  attachments: AttachmentView[]
  poll?: PollView
  /** Whom it answers, and where; `url` is absent when that is not known. */
  inReplyTo?: { handle: string; url?: string }
  boostedBy?: PersonView
  counts: { replies: number; boosts: number; likes: number }
  /** Shown first on the profile. */
  isPinned?: boolean
  /** Only for a signed-in reader. */
  own?: OwnView
}

/** Posts, newest first; `next` is the `?before=` of the following page, `isFirst` false on such a page. */
export type PageOf<T> = { items: T[]; next?: string; isFirst: boolean }

export type ProfileView = {
  person: PersonView
  headerUrl?: string
  bio: Html
  /** Values sanitised with `isOwnProfile`, so that links say rel="me". */
  fields: { name: string; value: Html }[]
  counts: { posts: number; following: number; followers: number }
  /** First page only. */
  pinned: PostView[]
  posts: PageOf<PostView>
  createdAt: number
  isBot: boolean
  isLocked: boolean
  /** False: search engines are asked to stay away. */
  isDiscoverable: boolean
  movedTo?: { handle: string; url: string }
}

/** The public posts of a hashtag that were written here. */
export type TagView = {
  /** Without `#`, in lower case. */
  tag: string
  /** Its address, with the public base. */
  id: string
  count: number
  posts: PageOf<PostView>
}

export type EnclosureView = AttachmentView & {
  /** 0 when that is not known. */
  bytes: number
}

/** What the feed of a user has: her newest public posts, without boosts. */
export type FeedView = {
  person: PersonView
  /** Plain text, may be ''. */
  about: string
  language: string
  posts: { post: PostView; enclosures: EnclosureView[] }[]
}

export type ThreadView = {
  /** Oldest first. */
  ancestors: PostView[]
  post: PostView
  /** In reading order; `depth` 1 answers the post itself. */
  replies: { post: PostView; depth: number }[]
}

export type LandingView = {
  /** Plain text, may be ''. */
  about: string
  people: { person: PersonView; bio: string; posts: number }[]
}

/** The signed-in person, for the head of her pages. */
export type ViewerView = {
  person: PersonView
  /** Local name, in paths. */
  user: string
  language: string
  /** Notifications since she last looked. */
  unread: number
  /** Followers who wait for an answer. */
  requests: number
}

export type NotificationView = {
  key: string
  kind:
    | 'mention'
    | 'reply'
    | 'like'
    | 'reaction'
    | 'boost'
    | 'follow'
    | 'request'
    | 'poll'
    | 'edit'
    | 'move'
  who: PersonView
  at: number
  isNew: boolean
  /** Emoji of a reaction. */
  emoji?: string
  /** What it is about, if that is a post. */
  post?: PostView
}

export const peopleLists = ['following', 'followers', 'requests', 'blocked'] as const
export type PeopleList = (typeof peopleLists)[number]

export type RelationView = {
  person: PersonView
  /** Our Follow waits for an answer. */
  isPending: boolean
  isFollowing: boolean
  isFollower: boolean
}

export type PeopleView = {
  list: PeopleList
  counts: Record<PeopleList, number>
  people: PageOf<RelationView>
}

/** What the form for a post begins with. */
export type DraftView = {
  text: string
  warning: string
  language: string
  audience: Audience
  /** The post that is answered. */
  reply?: PostView
  /** Id of the post that is edited; its audience and poll stay. */
  editOf?: string
  /** Of the post that is edited. */
  attachments: AttachmentView[]
}

/** What the form for the profile begins with. */
export type ProfileDraftView = {
  displayName: string
  /** Markdown. */
  bio: string
  fields: { name: string; value: string }[]
  language: string
  isLocked: boolean
  isDiscoverable: boolean
  isBot: boolean
  avatarUrl?: string
  headerUrl?: string
}
