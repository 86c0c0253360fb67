// `show`: a timeline, an actor or a post, as text.

import { type Actor, parsePost } from '../activitypub/document.ts'
import { type Context, VerbError } from '../context.ts'
import { findActor } from '../follow/request.ts'
import { requirePost } from '../post/own.ts'
import { handleOf } from '../post/publish.ts'
import { plainText } from '../post/sanitize.ts'
import { indexes } from '../store/layout.ts'
import type { StoredObject } from '../store/objects.ts'
import { actingUser, type Operation, readArgs } from './operation.ts'

export const show: Operation = {
  summary: 'Show a timeline, an actor or a post.',
  usage: '[home | notifications | posts | @user@host | ID] [--limit N] [--json] [--as USER]',
  help: `Without a word it shows the home timeline.

Examples:
  fuchsbau fediverse show
  fuchsbau fediverse show notifications --limit 5
  fuchsbau fediverse show @friend@example.org
  fuchsbau fediverse show https://example.org/@friend/112233 --json`,
  async run(parts, args) {
    const options = {
      limit: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
    } as const
    const { values, positionals } = readArgs(args, options, 0, 1)
    const { context } = parts
    const [what = 'home'] = positionals
    const limit = Number(values.limit)
    if (!(Number.isInteger(limit) && limit > 0 && limit <= 1_000))
      throw new VerbError('--limit is 1 to 1000.')
    const { name } = actingUser(parts, values.as)
    const timeline = {
      home: indexes.home,
      notifications: indexes.notifications,
      posts: indexes.own,
    }[what]
    if (timeline) {
      const { objects } = context.store.objects.newest(timeline(name), limit)
      return objects.map((object) =>
        values.json ? JSON.stringify(object) : describe(context, object),
      )
    }
    if (/^@?[^/@\s]+@[^/@\s]+$/.test(what))
      return describeActor(context, await findActor(context, what))
    const post = await requirePost(context, what)
    return values.json ? [JSON.stringify(post, null, 2)] : [describe(context, post)]
  },
}

/** One line: when, who, what. */
function describe(context: Context, object: StoredObject): string {
  const when = new Date(object.at).toISOString().slice(0, 16).replace('T', ' ')
  const who = handleOf(context, object.actor)
  const post = object.kind === 'post' && object.document ? parsePost(object.document) : undefined
  if (!post)
    return `${when}  ${who}  ${object.kind} ${object.name ?? ''} ${object.target ?? ''}`.trimEnd()
  const warning = post.summary ? `[${plainText(post.summary)}] ` : ''
  return `${when}  ${who}  (${object.audience})  ${warning}${plainText(post.content)}\n    ${object.id}`
}

function describeActor(context: Context, actor: Actor): string[] {
  return [
    `${handleOf(context, actor.id)}  ${actor.name}`,
    actor.id,
    plainText(actor.summary),
    ...actor.fields.map(({ name, value }) => `${name}: ${plainText(value)}`),
    ...(actor.movedTo ? [`Moved to ${actor.movedTo}`] : []),
    ...context.actors.pinned(actor.id).map((id) => `Pinned: ${id}`),
  ].filter((line) => line !== '')
}
