// When the tags of images were last pushed through us, and as what: registries do not say.
import type { Turn } from '@fuchsbau/shared/database/turn.ts'
import { isHelperTag } from '../name.ts'
import type { AuditRecord, PushRecord } from './records.ts'

export class Pushes {
  readonly #note
  readonly #forgetTag
  readonly #forgetDigest
  readonly #last
  readonly #of
  readonly #ofRepository

  constructor(turn: Turn) {
    this.#note = turn.writing<[string, string, string, number]>(
      `INSERT INTO pushes (repository, tag, digest, at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET digest = excluded.digest, at = excluded.at`,
    )
    this.#forgetTag = turn.writing<[string, string]>(
      'DELETE FROM pushes WHERE repository = ? AND tag = ?',
    )
    this.#forgetDigest = turn.writing<[string, string]>(
      'DELETE FROM pushes WHERE repository = ? AND digest = ?',
    )
    this.#last = turn.reading<[string], { at: number | null }>(
      'SELECT max(at) AS at FROM pushes WHERE repository = ?',
    )
    this.#of = turn.reading<[string, string], PushRecord>(
      'SELECT digest, at FROM pushes WHERE repository = ? AND tag = ?',
    )
    this.#ofRepository = turn.reading<[string, number], PushRecord & { tag: string }>(
      'SELECT tag, digest, at FROM pushes WHERE repository = ? ORDER BY at DESC LIMIT ?',
    )
  }

  /** Takes a line of the audit to heart, if it is of a tag. */
  follow(line: Omit<AuditRecord, 'id'>): void {
    const { event, outcome, repository, reference, digest, at } = line
    if (outcome !== 'ok' || repository === '') return
    const isTag = reference !== '' && !reference.includes(':') && !isHelperTag(reference)
    if (event === 'push' && isTag) this.#note.run(repository, reference, digest, at)
    if (event !== 'delete') return
    if (isTag) this.#forgetTag.run(repository, reference)
    else if (digest !== '') this.#forgetDigest.run(repository, digest)
  }

  /** When something in a repository was last pushed under a tag. */
  last(repository: string): number | undefined {
    return this.#last.get(repository)?.at ?? undefined
  }

  of(repository: string, tag: string): PushRecord | undefined {
    return this.#of.get(repository, tag)
  }

  /** Of a repository by tag, the newest first, so many. */
  ofRepository(repository: string, limit: number): Map<string, PushRecord> {
    const rows = this.#ofRepository.all(repository, limit)
    return new Map(rows.map(({ tag, digest, at }) => [tag, { digest, at }]))
  }
}
