// The public address that a tree belongs to. Every id in it is made from that address, so a tree opened under another
// one would answer for ids that nobody knows.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@fuchsbau/shared/atomic-file.ts'
import { paths } from './layout.ts'
import { LayoutError } from './upgrade.ts'

/**
 * Notes the public address of a new tree, or compares it with the one noted.
 * @throws LayoutError when they differ.
 */
export function bindTo(directory: string, base: string): void {
  const file = join(directory, paths.instance)
  if (!existsSync(file)) {
    writeFileAtomic(file, `${JSON.stringify({ url: base })}\n`, { isDurable: true })
    return
  }
  const { url } = JSON.parse(readFileSync(file, 'utf8')) as { url: unknown }
  if (url === base) return
  throw new LayoutError(
    `${directory} belongs to ${url}, but FUCHSBAU_FEDIVERSE_URL is ${base}. Set it to ${url}: followers and links ` +
      'know this server by that address only.',
  )
}
