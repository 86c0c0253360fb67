// Messages that a page shows after a form was sent: a code in the address names one of these sentences.
import { messageOf as messageIn } from '@fuchsbau/shared/page/message.ts'

const messages: Record<string, string> = {
  accept: 'Accepted: she follows you now.',
  block: 'Blocked. Nothing of hers reaches you any more.',
  edit: 'Saved. The new version is on its way.',
  follow: 'Asked to follow. You see posts as soon as the other server answers.',
  out: 'You are signed out.',
  pin: 'Pinned to your profile.',
  profile: 'Saved. Your followers are told.',
  publish: 'Published.',
  reject: 'Done.',
  remove: 'Deleted. Other servers are told.',
  unblock: 'Unblocked.',
  unfollow: 'You no longer follow.',
  unpin: 'Unpinned.',
  vote: 'Your vote is on its way.',
}

/** The sentence for the `m` of an address; undefined for anything else. */
export function messageOf(query: unknown): string | undefined {
  return messageIn(messages, query)
}

/** Whether there is a sentence for this code: likes and boosts show on their button. */
export function hasMessage(code: string): boolean {
  return Object.hasOwn(messages, code)
}
