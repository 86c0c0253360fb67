// What the web pages need of the rest of the service, as interfaces: no page touches the store or the network.
import type { Readable } from 'node:stream'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import type { Provider } from '@fuchsbau/shared/settings.ts'
import type {
  AttachmentView,
  Audience,
  DraftView,
  FeedView,
  LandingView,
  NotificationView,
  PageOf,
  PeopleList,
  PeopleView,
  PostView,
  ProfileDraftView,
  ProfileView,
  TagView,
  ThreadView,
  ViewerView,
} from './views.ts'

/** Of a verb: done, or why not, in a sentence for the person. */
export type Outcome = { ok: true } | { ok: false; message: string }

export type Sessions = {
  /** A new session; the token has 256 random bits, only its hash is kept. */
  create(user: string): Promise<string>
  /** The session of a token; undefined when it has ended or never was. Synchronous: asked on each request. */
  find(token: string): { user: string } | undefined
  end(token: string): Promise<void>
}

/** Who is who at the identity provider. `subject`: `ISSUER SUBJECT`, which never changes there. */
export type Links = {
  find(subject: string): string | undefined
  /** From now on that identity opens this account. Refused when either is linked already. */
  link(user: string, subject: string): Promise<Outcome>
}

/** Reads. `before` is a `next` of an earlier page, from the address: hostile. All are synchronous, like the store. */
export type Views = {
  landing(): LandingView
  /** Undefined: there is no such user. */
  profile(user: string, before: string | undefined): ProfileView | undefined
  /** A public or unlisted post of ours by id, with what of its thread is public. */
  thread(id: string): ThreadView | 'gone' | undefined
  /** Undefined: nobody here wrote about it. */
  tag(name: string, before: string | undefined): TagView | undefined
  /** Undefined: there is no such user. */
  feed(user: string): FeedView | undefined
  viewer(user: string): ViewerView | undefined
  home(user: string, before: string | undefined): PageOf<PostView>
  /** `newest` of what is shown counts as seen from now on, unless it is an older page. */
  notifications(user: string, before: string | undefined): PageOf<NotificationView>
  people(user: string, list: PeopleList, before: string | undefined): PeopleView
  /** Any post that this user may read, by id, with all of its thread that she may read. */
  ownThread(user: string, id: string): ThreadView | 'gone' | undefined
  /** What the form begins with when she edits a post of her own. */
  draft(user: string, id: string): DraftView | undefined
  profileDraft(user: string): ProfileDraftView | undefined
}

/** A file on its way in. Read `stream` to its end or destroy it; then `isTruncated` tells whether it was too large. */
export type Upload = {
  stream: Readable
  /** As the browser says: check it. */
  mediaType: string
  isTruncated(): boolean
}

export type NewPost = {
  /** Markdown, at most `limits.textChars`. */
  text: string
  warning: string
  audience: Audience
  language: string
  /** Id. */
  inReplyTo?: string
  attachments: AttachmentView[]
  poll?: { options: string[]; isMultiple: boolean; endsAt: number }
}

export type ProfileChange = Omit<ProfileDraftView, 'avatarUrl' | 'headerUrl'> & {
  /** New pictures; '' takes the old one away, absent keeps it. */
  avatarUrl?: string
  headerUrl?: string
}

/** What a person may do. Each checks her right to do it. */
export type Verbs = {
  publish(user: string, post: NewPost): Promise<Outcome>
  edit(
    user: string,
    id: string,
    post: Pick<NewPost, 'text' | 'warning' | 'language' | 'attachments'>,
  ): Promise<Outcome>
  /** Keeps a file. The answer goes into `attachments` of `publish`, with the alt text as its `name`. */
  upload(
    user: string,
    file: Upload,
  ): Promise<{ ok: true; attachment: AttachmentView } | { ok: false; message: string }>
  vote(user: string, id: string, options: string[]): Promise<Outcome>
  /** About a post, by id. */
  onPost: Record<PostVerb, (user: string, id: string) => Promise<Outcome>>
  /** About an actor, by id; `follow` also takes a handle or the address of a page. */
  onActor: Record<ActorVerb, (user: string, whom: string) => Promise<Outcome>>
  changeProfile(user: string, profile: ProfileChange): Promise<Outcome>
}

export const postVerbs = ['like', 'unlike', 'boost', 'unboost', 'pin', 'unpin', 'remove'] as const
export type PostVerb = (typeof postVerbs)[number]

export const actorVerbs = ['follow', 'unfollow', 'accept', 'reject', 'block', 'unblock'] as const
export type ActorVerb = (typeof actorVerbs)[number]

/** What a public page shows: when it changes, the page is made again. */
export type Subject = { user: string } | { post: string } | { tag: string } | 'instance'

export type WebDeps = {
  /** Public base, no slash at its end; may have a path. */
  base: string
  software: { name: string; version: string }
  clock: Clock
  log: Log
  sessions: Sessions
  /** False for an unknown user too, after as long a time. */
  verifyPassword(user: string, password: string): Promise<boolean>
  /** Where people may log in, too; undefined: by password alone. */
  provider: Provider | undefined
  /** Whether a user name of the provider is as good as a password, for who is not linked yet. */
  linkByUserName: boolean
  links: Links
  views: Views
  verbs: Verbs
  /** Bytes of a public page, made once and kept until its subject changes; undefined is not kept. */
  keep(
    key: string,
    about: Subject,
    make: () => string | undefined,
  ): { bytes: Buffer; etag: string } | undefined
  limits: WebLimits
}

export type WebLimits = {
  textChars: number
  attachments: number
  pollOptions: number
  uploadBytes: number
}
