// What a person does on a real snac, by its own web forms and command line. Every verb returns when
// snac has taken it in; what it sends out follows by its queue, hence `waitFor` on the other side.
import type { snacFiles } from './snac-files.ts'

/** What may go with a note. */
export interface NoteOptions {
  /** The id of the note answered. */
  replyTo?: string
  /** Marks it sensitive, with this warning. */
  contentWarning?: string
  /** Only for those mentioned in the text, or answered. */
  direct?: boolean
  attachments?: { name: string; type: string; bytes: Uint8Array<ArrayBuffer>; alt: string }[]
}

/** What the verbs need of the server. */
export interface SnacHome {
  /** `http://…` of the server itself, without the TLS front. */
  upstream: string
  /** The public base, with the prefix. */
  url: string
  prefix: string
  files: ReturnType<typeof snacFiles>
  cli(...args: string[]): Promise<string>
  log(): string
}

type Fields = Record<string, string | string[] | Blob | undefined>

/** A user of a running snac. */
export type SnacUser = ReturnType<typeof snacUser>

/** The verbs of one user, who signs in with `password`. */
export function snacUser(home: SnacHome, name: string, password: string) {
  const id = `${home.url}/${name}`
  const files = home.files.user(name)
  const authorization = `Basic ${btoa(`${name}:${password}`)}`

  async function post(path: string, fields: Fields) {
    const body = new FormData()
    for (const [key, value] of Object.entries(fields)) {
      if (value instanceof Blob) body.append(key, value)
      else for (const text of [value ?? []].flat()) body.append(key, text)
    }
    // snac compares the form's content type as a whole: without a charset.
    const isText = Object.values(fields).every((value) => !(value instanceof Blob))
    const form = isText
      ? {
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams([...body] as [string, string][]).toString(),
        }
      : { headers: { authorization }, body }
    const url = `${home.upstream}${home.prefix}/${name}/admin/${path}`
    const response = await fetch(url, { method: 'POST', redirect: 'manual', ...form })
    const answer = await response.text()
    if (response.status !== 303) {
      throw new Error(`snac answered ${response.status} to ${path}: ${answer}\n${home.log()}`)
    }
  }
  const act = (action: string, fields: Record<string, string>) =>
    post('action', { action, ...fields })

  /** Ids of this user's own notes and questions; votes are notes too. */
  const own = () =>
    files
      .timeline()
      .filter((object) => object.attributedTo === id)
      .map((object): string => object.id)
  /** Does what makes one new note, and finds its id. */
  async function made(what: string, make: () => Promise<unknown>): Promise<string> {
    const before = new Set(own())
    await make()
    const [created] = own().filter((candidate) => !before.has(candidate))
    if (created === undefined) throw new Error(`snac made no ${what}\n${home.log()}`)
    return created
  }

  const lost = (note: string) => new Error(`snac could not get ${note}\n${home.log()}`)

  const noteFields = (text: string, { replyTo, contentWarning, direct }: NoteOptions) => ({
    content: text,
    in_reply_to: replyTo,
    sensitive: contentWarning === undefined ? undefined : 'on',
    summary: contentWarning,
    mentioned_only: direct ? 'on' : undefined,
  })

  return {
    /** The actor's id, its URL. */
    id,
    /** `@name@host`. */
    handle: `@${name}@${new URL(home.url).host}`,
    name,
    password,
    /** This user's part of snac's files. */
    files,

    /** Follows an actor by URL or `@user@host`; throws when snac cannot find it. */
    async follow(actor: string) {
      const host = actor.startsWith('https:') ? new URL(actor).host : actor.split('@').at(-1)
      await act('Follow', { actor })
      const found = files.following().some((one) => new URL(one.id).host === host)
      if (!found) throw new Error(`snac could not follow ${actor}\n${home.log()}`)
    },
    /** Unfollows an actor by URL. */
    unfollow: (actor: string) => act('Unfollow', { actor }),
    /** Lets in someone who asked to follow, by the actor's URL. */
    approve: (actor: string) => act('Approve', { actor }),
    /** Forgets a request to follow; snac sends nothing. */
    discard: (actor: string) => act('Discard', { actor }),

    /** Posts in snac's Markdown; `@user@host` in the text mentions. Returns the note's id. */
    note: (text: string, options: NoteOptions = {}) =>
      made('note', () => {
        const attached = (options.attachments ?? []).flatMap(
          ({ name, type, bytes, alt }, index) => [
            [`attach_${index}`, new File([bytes], name, { type })],
            [`alt_text_${index}`, alt],
          ],
        )
        return post('note', { ...noteFields(text, options), ...Object.fromEntries(attached) })
      }),
    /** Posts without the public timelines ("quiet public"): a verb of the command line only. */
    unlistedNote: (text: string) => made('note', () => home.cli('note_unlisted', name, text)),
    /** Replaces the text, and the warning, of an own note. */
    edit: (note: string, text: string, options: Pick<NoteOptions, 'contentWarning'> = {}) =>
      post('note', { ...noteFields(text, options), edit_id: note }),
    /** Deletes an own note everywhere, or hides another's. */
    delete: (note: string) => act('Delete', { id: note }),
    pin: (note: string) => act('Pin', { id: note }),
    unpin: (note: string) => act('Unpin', { id: note }),

    /** Asks a question with 2 to 8 options; returns its id. */
    poll: (text: string, options: string[], { multiple = false, endsInSeconds = 3600 } = {}) =>
      made('question', () =>
        post('note', {
          content: text,
          poll_options: options.join('\n'),
          poll_multiple: multiple ? 'on' : 'off',
          poll_end_secs: String(endsInSeconds),
        }),
      ),
    /** Votes for an option, or several, of a question that snac knows. */
    vote: (question: string, ...options: [string, ...string[]]) =>
      post('vote', {
        irt: question,
        question: options,
        actor: home.files.object(question)?.attributedTo,
      }),

    /** Likes a note by its id; snac fetches what it does not know, this throws when it cannot. */
    async like(note: string) {
      await act('Like', { id: note })
      if (!home.files.likes(note).includes(id)) throw lost(note)
    },
    unlike: (note: string) => act('Unlike', { id: note }),
    async boost(note: string) {
      await act('Boost', { id: note })
      if (!home.files.boosts(note).includes(id)) throw lost(note)
    },
    unboost: (note: string) => act('Unboost', { id: note }),

    /** Blocks an actor; snac calls it MUTE, answers its posts with 403 and sends no Block. */
    mute: (actor: string) => act('MUTE', { actor }),
    unmute: (actor: string) => act('Unmute', { actor }),

    /**
     * Saves the settings form: texts such as `bio`, and `on` for boxes such as `approve_followers`,
     * `bot` or `show_contact_metrics`; a box that is not given is cleared. A new text is sent as an
     * Update to the followers.
     */
    setUp: (fields: Record<string, string>) => post('user-setup', fields),
    /**
     * Names another account, by handle or URL, as this one's alias (`alsoKnownAs`). snac serves its
     * actor from a cache that only a changed profile renews, hence the new bio.
     */
    async alias(account: string) {
      await home.cli('alias', name, account)
      if (files.settings().alias === undefined) {
        throw new Error(`snac took no alias ${account}\n${home.log()}`)
      }
      await post('user-setup', { bio: `Also ${account}` })
    },
    /** Moves to the alias, which must name this account as its own alias: sends a Move. */
    migrate: () => home.cli('migrate', name),
  }
}
