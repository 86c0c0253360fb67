// Looks at the form of an index file as it lies on disk, without opening it for use (which would drop a torn tail).

import { closeSync, fstatSync, openSync } from 'node:fs'
import { RECORD_BYTES, readRecords } from './index-record.ts'

const CHUNK_RECORDS = 1_000

export type FormProblem = 'torn index' | 'damaged record' | 'entries out of order' | 'wrong count'

/** Every kind of problem once; undefined from time to time, so that the caller can pause. */
export function* inspectIndex(path: string): Generator<FormProblem | undefined> {
  const descriptor = openSync(path, 'r')
  try {
    const found = new Set<FormProblem>()
    const { size } = fstatSync(descriptor)
    if (size % RECORD_BYTES !== 0) found.add('torn index')
    let lastAt = 0
    let live = 0
    let count = 0
    for (let start = 0; start * RECORD_BYTES < size; start += CHUNK_RECORDS) {
      for (const record of readRecords(descriptor, start, CHUNK_RECORDS)) {
        if (!record) {
          found.add('damaged record')
          continue
        }
        if (record.at < lastAt) found.add('entries out of order')
        lastAt = record.at
        live += record.isRemoval ? -1 : 1
        count = record.count
      }
      yield
    }
    if (live !== count && !found.has('damaged record')) found.add('wrong count')
    yield* found
  } finally {
    closeSync(descriptor)
  }
}
