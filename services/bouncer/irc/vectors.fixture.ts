// The vectors of irc-parser-tests, for the tests of this folder.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '../../../test/fixtures/irc')

/** A message as the vectors write it. */
export interface Atoms {
  tags?: Record<string, string>
  source?: string
  verb: string
  params?: string[]
}

/** The tests of one file, `msg-split` for example. */
export function vectors<Test>(name: string): Test[] {
  return parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')).tests
}
