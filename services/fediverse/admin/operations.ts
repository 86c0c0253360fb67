// The operator's verbs by name.

import { emoji } from './emoji.ts'
import { alias, move } from './move.ts'
import { deleteNote, editNote, note } from './note.ts'
import type { Operation } from './operation.ts'
import { block, follow, followers, following, unblock, unfollow } from './people.ts'
import { queue } from './queue.ts'
import { boost, like, pin, unboost, unlike, unpin, vote } from './react.ts'
import { show } from './show.ts'
import { user } from './user.ts'

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  user,
  note,
  edit: editNote,
  delete: deleteNote,
  show,
  follow,
  unfollow,
  followers,
  following,
  block,
  unblock,
  boost,
  unboost,
  like,
  unlike,
  vote,
  pin,
  unpin,
  alias,
  move,
  emoji,
  queue,
}
