// Followers, followed actors and blocks of the local users: one file each, keyed by the other actor's id.

import type { Op } from './journal.ts'
import { hashId, indexes, paths, type RelationKind } from './layout.ts'
import { putJson, removeFile, type Tree } from './tree.ts'

/** One file below users/USER/followers, /following or /blocks. */
export interface Relation {
  /** The other actor. */
  actor: string
  /** Id of the Follow or Block activity, which Accept, Reject and Undo name. */
  activity: string
  state: 'requested' | 'accepted'
  at: number
  /** Where to deliver to; absent for blocks. */
  inbox?: string
  sharedInbox?: string
}

export class Relations {
  readonly #tree: Tree
  /** All followers of a user, read once; a change drops them. */
  readonly #followers = new Map<string, Relation[]>()

  constructor(tree: Tree) {
    this.#tree = tree
    tree.onChange((path) => {
      const match = /^users\/([^/]+)\/followers\//.exec(path)
      if (match?.[1]) this.#followers.delete(match[1])
    })
  }

  get(user: string, kind: RelationKind, actor: string): Relation | undefined {
    return this.#tree.read<Relation>(paths.relation(user, kind, hashId(actor)))
  }

  put(user: string, kind: RelationKind, relation: Relation): Op {
    return putJson(paths.relation(user, kind, hashId(relation.actor)), relation)
  }

  remove(user: string, kind: RelationKind, actor: string): Op {
    return removeFile(paths.relation(user, kind, hashId(actor)))
  }

  /** Every accepted follower. */
  followers(user: string): readonly Relation[] {
    let followers = this.#followers.get(user)
    if (!followers) {
      followers = [...this.list(user, 'followers')]
      this.#followers.set(user, followers)
    }
    return followers
  }

  /** Accepted relations, newest first. */
  *list(user: string, kind: RelationKind): Generator<Relation> {
    for (const { key } of this.#tree.index.newest(indexes[kind](user))) {
      const relation = this.#tree.read<Relation>(paths.relation(user, kind, key))
      if (relation) yield relation
    }
  }

  /** Relations that wait for an answer (of ours to a follower, of theirs to us). */
  requested(user: string, kind: 'followers' | 'following'): Relation[] {
    return this.#tree
      .list(`users/${user}/${kind}`)
      .map((file) => this.#tree.read<Relation>(`users/${user}/${kind}/${file}`))
      .filter((relation): relation is Relation => relation?.state === 'requested')
  }

  count(user: string, kind: RelationKind): number {
    return this.#tree.index.count(indexes[kind](user))
  }
}
