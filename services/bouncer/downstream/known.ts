// Whether a client was shown a line of the history already, when the line comes to be told.
import type { Downstream } from './downstream.ts'

export interface Telling {
  /** Row number of the line; undefined when it is not stored. */
  id: number | undefined
  /** False: the network tells it once more. What she says to herself comes so, as said and as heard. */
  isNew: boolean
  /** It brought its detached channel back: who can't fetch the history was played it with the channel. */
  isBack: boolean
}

export function isKnown(
  { caps, catchUp }: Downstream,
  { id = 0, isNew, isBack }: Telling,
): boolean {
  if (!isNew) return !caps.has('echo-message')
  return isBack && catchUp.position >= id
}
