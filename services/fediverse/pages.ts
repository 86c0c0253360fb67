// What web/ asks of the rest: views, verbs, sessions and ready bytes.

import { randomBytes } from 'node:crypto'
import { verifyPassword } from '@fuchsbau/shared/password.ts'
import { providerOf } from '@fuchsbau/shared/settings.ts'
import type { Answers } from './answers.ts'
import { type Context, VerbError } from './context.ts'
import { type Config, SOFTWARE } from './core.ts'
import { approveFollower, removeFollower } from './follow/accept.ts'
import { block, unblock } from './follow/block.ts'
import { follow } from './follow/request.ts'
import { unfollow } from './follow/undo.ts'
import { boost, unboost } from './post/boost.ts'
import { edit } from './post/edit.ts'
import { like, unlike } from './post/like.ts'
import { pin, unpin } from './post/pin.ts'
import { changeProfile } from './post/profile.ts'
import { POST_LIMITS, publish } from './post/publish.ts'
import { remove } from './post/remove.ts'
import { keepUpload } from './post/upload.ts'
import { vote } from './post/vote.ts'
import { makeViews } from './show/views.ts'
import { StoreUnavailable } from './store/journal.ts'
import type { User } from './store/users.ts'
import type { ActorVerb, Links, Outcome, PostVerb, Subject, Verbs, WebDeps } from './web/deps.ts'

export interface PageParts {
  context: Context
  answers: Answers
  config: Config
}

export function makeWebDeps({ context, answers, config }: PageParts): WebDeps {
  const { store, urls, clock, log } = context
  const passwords = makePasswordCheck(context)
  return {
    base: urls.base,
    software: SOFTWARE,
    clock,
    log,
    sessions: {
      async create(user) {
        const token = randomBytes(32).toString('base64url')
        await store.sessions.begin(token, user)
        return token
      },
      find: (token) => store.sessions.find(token),
      end: (token) => store.sessions.end(token),
    },
    verifyPassword: passwords,
    provider: providerOf(config),
    linkByUserName: config.own.linkByUserName,
    links: makeLinks(context),
    views: makeViews(context),
    verbs: makeVerbs(context),
    keep: (key, about, make) => answers.page(key, make, tagsOf(context, about)),
    limits: {
      textChars: POST_LIMITS.characters,
      attachments: POST_LIMITS.attachments,
      pollOptions: POST_LIMITS.pollOptions,
      uploadBytes: config.own.maxMedia,
    },
  }
}

/** What makes a public page stale. */
function tagsOf({ store }: Context, about: Subject): string[] {
  if (about === 'instance') return ['instance']
  if ('tag' in about)
    return ['instance', 'buried', ...store.users.names().map((user) => `reactions ${user}`)]
  if ('post' in about) return [`object ${about.post}`, 'buried', 'instance']
  const { user } = about
  return [`profile ${user}`, `posts ${user}`, `relations ${user}`, `reactions ${user}`, 'buried']
}

/** A hash to compare with where there is no such user, so that the answer takes as long. */
const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

const makePasswordCheck =
  ({ store }: Context) =>
  async (name: string, password: string): Promise<boolean> => {
    const hash = store.users.get(name)?.passwordHash
    const isRight = await verifyPassword(password, hash ?? NOBODY)
    return isRight && hash !== undefined
  }

function makeLinks(context: Context): Links {
  const { users } = context.store
  const holder = (subject: string) =>
    users.names().find((name) => users.get(name)?.subject === subject)
  return {
    find: holder,
    link: (name, subject) =>
      outcomeOf(async () => {
        const user = users.get(name)
        if (!user) throw new VerbError(`There is no user ${name}.`)
        if (user.subject)
          throw new VerbError(
            `That account is linked to another identity. Whoever runs the server can unlink it: fuchsbau fediverse user unlink ${name}`,
          )
        if (holder(subject))
          throw new VerbError('This identity is linked to another account already.')
        await context.store.commit([users.put({ ...user, subject })])
      }),
  }
}

/** Runs a verb; what it refuses in words goes to the person, anything else is the caller's. */
async function outcomeOf(act: () => Promise<unknown>): Promise<Outcome> {
  try {
    await act()
    return { ok: true }
  } catch (error) {
    if (error instanceof VerbError) return { ok: false, message: error.message }
    if (error instanceof StoreUnavailable) {
      return {
        ok: false,
        message: 'It could not be saved: the server’s disk is full. Nothing was changed.',
      }
    }
    throw error
  }
}

function makeVerbs(context: Context): Verbs {
  const { store, urls } = context
  const as = (name: string): User => {
    const user = store.users.get(name)
    if (!user) throw new VerbError(`There is no user ${name}.`)
    return user
  }
  const onPost: Record<PostVerb, (user: string, id: string) => Promise<unknown>> = {
    like: (user, id) => like(context, user, id),
    unlike: (user, id) => unlike(context, user, id),
    boost: (user, id) => boost(context, user, id),
    unboost: (user, id) => unboost(context, user, id),
    pin: async (user, id) => pin(context, as(user), id),
    unpin: async (user, id) => unpin(context, as(user), id),
    remove: (user, id) => remove(context, user, id),
  }
  const onActor: Record<ActorVerb, (user: string, whom: string) => Promise<unknown>> = {
    follow: (user, whom) => follow(context, user, whom),
    unfollow: (user, whom) => unfollow(context, user, whom),
    accept: (user, whom) => approveFollower(context, user, whom),
    reject: (user, whom) => removeFollower(context, user, whom),
    block: (user, whom) => block(context, user, whom),
    unblock: (user, whom) => unblock(context, user, whom),
  }
  return {
    publish: (user, { warning, ...post }) =>
      outcomeOf(async () =>
        publish(context, as(user), { ...post, ...(warning ? { summary: warning } : {}) }),
      ),
    edit: (user, id, { warning, ...post }) =>
      outcomeOf(async () =>
        edit(context, as(user), id, { ...post, ...(warning ? { summary: warning } : {}) }),
      ),
    async upload(user, { stream, isTruncated }) {
      const stored = await keepUpload(context, user, stream, isTruncated)
      if (!stored.ok) return stored
      const { file, mediaType } = stored
      return { ok: true, attachment: { url: urls.media(user, file), mediaType, name: '' } }
    },
    vote: (user, id, options) => outcomeOf(() => vote(context, user, id, options)),
    onPost: wrapAll(onPost),
    onActor: wrapAll(onActor),
    changeProfile: (user, { avatarUrl, headerUrl, ...profile }) =>
      outcomeOf(() =>
        changeProfile(context, user, ({ avatar: oldAvatar, header: oldHeader, ...kept }) => {
          const avatar = pictureOf(avatarUrl, oldAvatar)
          const header = pictureOf(headerUrl, oldHeader)
          return {
            ...kept,
            ...profile,
            ...(avatar ? { avatar } : {}),
            ...(header ? { header } : {}),
          }
        }),
      ),
  }
}

function wrapAll<K extends string>(
  verbs: Record<K, (user: string, about: string) => Promise<unknown>>,
): Record<K, (user: string, about: string) => Promise<Outcome>> {
  const entries = Object.entries(verbs) as [K, (user: string, about: string) => Promise<unknown>][]
  return Object.fromEntries(
    entries.map(([name, act]) => [
      name,
      (user: string, about: string) => outcomeOf(() => act(user, about)),
    ]),
  ) as Record<K, (user: string, about: string) => Promise<Outcome>>
}

/** The file name of a picture: kept, replaced by an uploaded one, or taken away by ''. */
function pictureOf(url: string | undefined, kept: string | undefined): string | undefined {
  if (url === undefined) return kept
  return url.split('/').pop() || undefined
}
