// `follow`, `unfollow`, `block`, and the lists of people.

import * as blocking from '../follow/block.ts'
import { follow as followActor } from '../follow/request.ts'
import { unfollow as unfollowActor } from '../follow/undo.ts'
import { handleOf } from '../post/publish.ts'
import { actingUser, type Operation, readArgs, sentLater } from './operation.ts'

const WHO = 'WHO is @user@host, or the id or address of an actor.'

export const follow: Operation = {
  summary: 'Follow somebody.',
  usage: 'WHO [--as USER]',
  help: `${WHO}\n\nExample:\n  fuchsbau fediverse follow @friend@example.org`,
  async run(parts, args) {
    const { values, positionals } = readArgs(args, {}, 1)
    const actor = await followActor(
      parts.context,
      actingUser(parts, values.as).name,
      positionals[0] ?? '',
    )
    return [
      `Asked to follow ${handleOf(parts.context, actor.id)} (${actor.id}).`,
      ...sentLater(parts),
    ]
  },
}

export const unfollow: Operation = {
  summary: 'Stop following somebody.',
  usage: 'WHO [--as USER]',
  help: `${WHO}\n\nExample:\n  fuchsbau fediverse unfollow @friend@example.org`,
  async run(parts, args) {
    const { values, positionals } = readArgs(args, {}, 1)
    const id = await unfollowActor(
      parts.context,
      actingUser(parts, values.as).name,
      positionals[0] ?? '',
    )
    return [`No longer following ${id}.`, ...sentLater(parts)]
  },
}

export const block: Operation = {
  summary: 'Block somebody: nothing of theirs gets in, and they are no follower any more.',
  usage: 'WHO [--as USER]',
  help: `${WHO}\n\nExample:\n  fuchsbau fediverse block @nuisance@example.org`,
  async run(parts, args) {
    const { values, positionals } = readArgs(args, {}, 1)
    const id = await blocking.block(
      parts.context,
      actingUser(parts, values.as).name,
      positionals[0] ?? '',
    )
    return [`Blocked ${id}.`, ...sentLater(parts)]
  },
}

export const unblock: Operation = {
  summary: 'Lift a block.',
  usage: 'WHO [--as USER]',
  help: `${WHO}\n\nExample:\n  fuchsbau fediverse unblock @nuisance@example.org`,
  async run(parts, args) {
    const { values, positionals } = readArgs(args, {}, 1)
    const id = await blocking.unblock(
      parts.context,
      actingUser(parts, values.as).name,
      positionals[0] ?? '',
    )
    return [`No longer blocked: ${id}.`, ...sentLater(parts)]
  },
}

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
