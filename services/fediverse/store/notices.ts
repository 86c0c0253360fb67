// Up to when each user has seen her notifications.

import { paths } from './layout.ts'
import type { Tree } from './tree.ts'

export class Notices {
  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Notifications up to this instant (ms) have been shown; 0 when none was. */
  seenAt(user: string): number {
    return this.#tree.read<{ seenAt: number }>(paths.notices(user))?.seenAt ?? 0
  }

  /** Not journalled: lost, they count as new once more. */
  markSeen(user: string, at: number): void {
    this.#tree.writeCached(paths.notices(user), { seenAt: at })
  }
}
