// `alias` and `move`: taking an account from one server to another.

import { addAlias, moveTo, removeAlias } from '../follow/move.ts'
import { actingUser, type Operation, readArgs, sentLater } from './operation.ts'

export const alias: Operation = {
  summary: 'Name an account elsewhere as yours, so that it can move here.',
  usage: 'WHO [--remove] [--as USER]',
  help: `WHO is @user@host, or the id of an actor. Then start the move over there.

Example:
  fuchsbau fediverse alias @you@mastodon.example`,
  async run(parts, args) {
    const { values, positionals } = readArgs(
      args,
      { remove: { type: 'boolean', default: false } } as const,
      1,
    )
    const { name } = actingUser(parts, values.as)
    const [whom = ''] = positionals
    if (values.remove) {
      await removeAlias(parts.context, name, whom)
      return [`${whom} is no longer an alias.`]
    }
    const id = await addAlias(parts.context, name, whom)
    return [`${id} is now an alias of ${name}.`, ...sentLater(parts)]
  },
}

export const move: Operation = {
  summary: 'Move your followers to an account elsewhere.',
  usage: 'WHO --yes [--as USER]',
  help: `WHO must name this account as an alias first. Followers whose servers understand it follow the new account
and leave this one; it can't be taken back.

Example:
  fuchsbau fediverse move @you@new.example --yes`,
  async run(parts, args) {
    const { values, positionals } = readArgs(
      args,
      { yes: { type: 'boolean', default: false } } as const,
      1,
    )
    const [whom = ''] = positionals
    if (!values.yes) return [`This sends every follower to ${whom} for good. Add --yes to do it.`]
    const id = await moveTo(parts.context, actingUser(parts, values.as).name, whom)
    return [`Moved to ${id}.`, ...sentLater(parts)]
  },
}
