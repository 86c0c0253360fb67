// `npm run bundle`: the command with all services as dist/fuchsbau.mjs, and each service alone as dist/NAME.mjs
// (the same command line, knowing only that service). One file each, with a source map beside it; nothing
// from node_modules is needed but native modules.
import { build } from 'esbuild'

const services = ['fediverse']
/** Packages with machine code: they stay where npm put them. */
const native = ['better-sqlite3', 'sharp']
/** What CommonJS packages expect to find. */
const banner = `import { createRequire as _createRequire } from 'node:module'
const require = _createRequire(import.meta.url)
const __filename = import.meta.filename
const __dirname = import.meta.dirname`

for (const names of [services, ...services.map((name) => [name])]) {
  const name = names === services ? 'fuchsbau' : names.join()
  const imports = names.map(
    (each) => `import { service as ${each} } from '@fuchsbau/${each}/main.ts'`,
  )
  const code = `${imports.join('\n')}\nimport { run } from './command.ts'\nawait run([${names.join()}])\n`
  const result = await build({
    stdin: {
      contents: code,
      resolveDir: import.meta.dirname,
      sourcefile: `${name}.ts`,
      loader: 'ts',
    },
    outfile: `dist/${name}.mjs`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'linked',
    external: native,
    banner: { js: banner },
    metafile: true,
  })
  for (const [path, { bytes }] of Object.entries(result.metafile.outputs)) {
    if (path.endsWith('.mjs')) console.log(`${path}  ${(bytes / 1e6).toFixed(1)} MB`)
  }
}
