// The effect of accepted activities, as one table: a type and its handler. Activities of one actor take effect in the
// order in which they came; an effect and the end of its activity are one transaction, so it happens once.

import { type Context, commit, type Outgoing } from '../context.ts'
import type { AcceptedActivity } from '../store/accepted.ts'
import type { Op } from '../store/journal.ts'
import { type Activity, parseActivity } from './document.ts'
import { receiveAccept, receiveReject } from './inbox/accept.ts'
import { receiveAdd, receiveRemove } from './inbox/add.ts'
import { receiveAnnounce } from './inbox/announce.ts'
import { receiveBlock } from './inbox/block.ts'
import { receiveCreate } from './inbox/create.ts'
import { receiveDelete } from './inbox/delete.ts'
import { receiveFlag } from './inbox/flag.ts'
import { receiveFollow } from './inbox/follow.ts'
import { receiveLike } from './inbox/like.ts'
import { receiveMove } from './inbox/move.ts'
import { receiveUndo } from './inbox/undo.ts'
import { receiveUpdate } from './inbox/update.ts'

/** What a handler works on. */
export interface Receiving {
  context: Context
  accepted: AcceptedActivity
  activity: Activity
  /** Whether the verified signer is the actor; otherwise only what is dereferenced counts. */
  isFromActor: boolean
  /** Stores the effect and ends the activity, in one transaction. Read what it depends on in the same turn. */
  commit(ops: readonly Op[], outgoing?: readonly Outgoing[]): Promise<void>
}

/** `done` and `ignored` end the activity; `retry` keeps it for a later attempt. */
export type Effect = 'done' | 'ignored' | { retry: string }

export type Handler = (receiving: Receiving) => Promise<Effect>

const HANDLERS: Readonly<Record<string, Handler>> = {
  Accept: receiveAccept,
  Add: receiveAdd,
  Announce: receiveAnnounce,
  Block: receiveBlock,
  Create: receiveCreate,
  Delete: receiveDelete,
  Dislike: async () => 'ignored',
  EmojiReact: receiveLike,
  Flag: receiveFlag,
  Follow: receiveFollow,
  Like: receiveLike,
  Move: receiveMove,
  Reject: receiveReject,
  Remove: receiveRemove,
  Undo: receiveUndo,
  Update: receiveUpdate,
}

/** Whether activities of this type have an effect here. */
export function isReceived(type: string): boolean {
  return Object.hasOwn(HANDLERS, type)
}

/** Runs the handler of one activity. A handler that ends without a commit has its activity ended here. */
export async function receive(context: Context, accepted: AcceptedActivity): Promise<Effect> {
  const activity = parseActivity(accepted.document)
  const { store } = context
  const end = store.accepted.finish(accepted)
  const handler =
    activity && Object.hasOwn(HANDLERS, activity.type) ? HANDLERS[activity.type] : undefined
  if (!activity || !handler) {
    store.commitLazily([end])
    return 'ignored'
  }
  let isEnded = false
  const effect = await handler({
    context,
    accepted,
    activity,
    isFromActor: accepted.signer === activity.actor,
    async commit(ops, outgoing = []) {
      isEnded = true
      // Without anything to send nobody waits for the disk: after a power cut the activity, which is in the journal,
      // takes effect again.
      if (outgoing.length === 0) store.commitLazily([...ops, end])
      else await commit(context, [...ops, end], outgoing)
    },
  })
  if (typeof effect === 'string' && !isEnded) store.commitLazily([end])
  return effect
}
