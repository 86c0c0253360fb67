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

const FOLLOWER_FILE = /^users\/([^/]+)\/followers\/(.*)\.json$/

export class Relations {
  readonly #tree: Tree
  /** User → all followers by key: read once, then kept up to date. */
  readonly #followers = new Map<string, Map<string, Relation>>()

  constructor(tree: Tree) {
    this.#tree = tree
    tree.onChange((path, value) => {
      const match = FOLLOWER_FILE.exec(path)
      const followers = match?.[1] && this.#followers.get(match[1])
      if (!followers || !match[2]) return
      const relation = value as Relation | undefined
      if (relation?.state === 'accepted') followers.set(match[2], relation)
      else followers.delete(match[2])
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
      followers = new Map()
      for (const { key } of this.#tree.index.newest(indexes.followers(user))) {
        const relation = this.#tree.readOnce<Relation>(paths.relation(user, 'followers', key))
        if (relation?.state === 'accepted') followers.set(key, relation)
      }
      this.#followers.set(user, followers)
    }
    return [...followers.values()]
  }

  /** Accepted relations, newest first. */
  *list(user: string, kind: RelationKind): Generator<Relation> {
    for (const { key } of this.#tree.index.newest(indexes[kind](user))) {
      const relation = this.#tree.read<Relation>(paths.relation(user, kind, key))
      if (relation && (kind === 'blocks' || relation.state === 'accepted')) yield relation
    }
  }

  /** Relations that wait for an answer (of ours to a follower, of theirs to us), newest first. */
  requested(user: string, kind: 'followers' | 'following'): Relation[] {
    const index = kind === 'followers' ? indexes.followRequests : indexes.followsAsked
    const relations: Relation[] = []
    for (const { key } of this.#tree.index.newest(index(user))) {
      const relation = this.#tree.read<Relation>(paths.relation(user, kind, key))
      if (relation?.state === 'requested') relations.push(relation)
    }
    return relations
  }

  count(user: string, kind: RelationKind): number {
    return this.#tree.index.count(indexes[kind](user))
  }
}
