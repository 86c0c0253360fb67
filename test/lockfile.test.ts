// What `npm ci` does on a machine that has Node and npm, and nothing else.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Entry {
  gypfile?: boolean
  hasInstallScript?: boolean
}

// npm builds what has a binding.gyp, unless the package says no; it asks the lockfile for that, and leaves it out when it
// writes one (npm/cli arborist rebuild.js). A build needs Python and a compiler. After `npm install`: add the line again.
test('npm builds no machine code: the lockfile says so of each package that could be built', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Entry>
  }
  const buildable = globSync('node_modules/{*,@*/*}/binding.gyp', { cwd: root }).map((path) =>
    path.replace('/binding.gyp', ''),
  )
  expect(buildable).toContain('node_modules/better-sqlite3')
  for (const path of buildable) expect([path, packages[path]?.gypfile]).toEqual([path, false])
})
