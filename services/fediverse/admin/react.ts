// `boost`, `like`, `vote`, `pin` and what takes them back.

import type { Context } from '../context.ts'
import { boost as boostPost, unboost as unboostPost } from '../post/boost.ts'
import { like as likePost, unlike as unlikePost } from '../post/like.ts'
import { pin as pinPost, unpin as unpinPost } from '../post/pin.ts'
import { vote as voteIn } from '../post/vote.ts'
import type { User } from '../store/users.ts'
import { actingUser, type Operation, readArgs, sentLater } from './operation.ts'

/** A verb whose only word is the id of a post. */
function onPost(
  verb: string,
  summary: string,
  done: string,
  act: (context: Context, user: User, id: string) => Promise<unknown>,
): Operation {
  return {
    summary,
    usage: 'ID [--as USER]',
    help: `ID is the id or address of a post.\n\nExample:\n  fuchsbau fediverse ${verb} https://example.org/@friend/112233`,
    async run(parts, args) {
      const { values, positionals } = readArgs(args, {}, 1)
      const [id = ''] = positionals
      await act(parts.context, actingUser(parts, values.as), id)
      return [`${done} ${id}.`, ...sentLater(parts)]
    },
  }
}

export const boost = onPost('boost', 'Boost a post.', 'Boosted', (context, { name }, id) =>
  boostPost(context, name, id),
)
export const unboost = onPost(
  'unboost',
  'Take a boost back.',
  'No longer boosted:',
  (context, { name }, id) => unboostPost(context, name, id),
)
export const like = onPost('like', 'Like a post.', 'Liked', (context, { name }, id) =>
  likePost(context, name, id),
)
export const unlike = onPost(
  'unlike',
  'Take a like back.',
  'No longer liked:',
  (context, { name }, id) => unlikePost(context, name, id),
)
export const pin = onPost('pin', 'Pin a post of yours to your profile.', 'Pinned', pinPost)
export const unpin = onPost('unpin', 'Unpin a post.', 'Unpinned', unpinPost)

export const vote: Operation = {
  summary: 'Vote in a poll.',
  usage: 'ID OPTION … [--as USER]',
  help: "Options are given by their text.\n\nExample:\n  fuchsbau fediverse vote https://example.org/@friend/112233 'Tea'",
  async run(parts, args) {
    const { values, positionals } = readArgs(args, {}, 2, 21)
    const [id = '', ...options] = positionals
    await voteIn(parts.context, actingUser(parts, values.as).name, id, options)
    return [`Voted for ${options.join(', ')}.`, ...sentLater(parts)]
  },
}
