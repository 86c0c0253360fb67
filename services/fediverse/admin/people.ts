// `follow`, `unfollow`, `block`, and the lists of people.

import type { Context } from '../context.ts'
import * as blocking from '../follow/block.ts'
import { follow as followActor } from '../follow/request.ts'
import { unfollow as unfollowActor } from '../follow/undo.ts'
import { handleOf } from '../post/publish.ts'
import { actingUser, type Operation, readArgs, sentLater } from './operation.ts'

/** A verb whose only word names a person. */
function onPerson(
  verb: string,
  summary: string,
  act: (context: Context, user: string, whom: string) => Promise<string>,
): Operation {
  return {
    summary,
    usage: 'WHO [--as USER]',
    help: `WHO is @user@host, or the id or address of an actor.\n\nExample:\n  fuchsbau fediverse ${verb} @friend@example.org`,
    async run(parts, args) {
      const { values, positionals } = readArgs(args, {}, 1)
      const { name } = actingUser(parts, values.as)
      return [await act(parts.context, name, positionals[0] ?? ''), ...sentLater(parts)]
    },
  }
}

export const follow = onPerson('follow', 'Follow somebody.', async (context, user, whom) => {
  const { id } = await followActor(context, user, whom)
  return `Asked to follow ${handleOf(context, id)} (${id}).`
})

export const unfollow = onPerson(
  'unfollow',
  'Stop following somebody.',
  async (context, user, whom) => {
    return `No longer following ${await unfollowActor(context, user, whom)}.`
  },
)

export const block = onPerson(
  'block',
  'Block somebody: nothing of theirs gets in, and they are no follower any more.',
  async (context, user, whom) => `Blocked ${await blocking.block(context, user, whom)}.`,
)

export const unblock = onPerson('unblock', 'Lift a block.', async (context, user, whom) => {
  return `No longer blocked: ${await blocking.unblock(context, user, whom)}.`
})

function listing(kind: 'followers' | 'following', summary: string): Operation {
  return {
    summary,
    usage: '[--as USER]',
    help: `One line each: handle, id, and "requested" while it waits for an answer.\n\nExample:\n  fuchsbau fediverse ${kind}`,
    async run(parts, args) {
      const { values } = readArgs(args, {}, 0)
      const { name } = actingUser(parts, values.as)
      const { relations } = parts.context.store
      const line = (actor: string, note = '') =>
        `${handleOf(parts.context, actor)}  ${actor}${note}`
      return [
        ...relations.requested(name, kind).map(({ actor }) => line(actor, '  requested')),
        ...[...relations.list(name, kind)].map(({ actor }) => line(actor)),
      ]
    },
  }
}

export const followers = listing('followers', 'List who follows you.')
export const following = listing('following', 'List whom you follow.')
