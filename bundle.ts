// `npm run bundle`: the command with all services and `deploy` as dist/fuchsbau.mjs, and each service alone as dist/NAME.mjs
// (the same command line, knowing only that service). One file each, with a source map and its bill of materials
// (CycloneDX) beside it; nothing from node_modules is needed but native modules.
import { readFileSync, writeFileSync } from 'node:fs'
import { type BuildResult, build } from 'esbuild'
import manifest from './package.json' with { type: 'json' }

const services = ['fediverse', 'bouncer', 'registry']
/** Packages with machine code: they stay where npm put them. */
const native = ['better-sqlite3']
/** What CommonJS packages expect to find. */
const banner = `import { createRequire as _createRequire } from 'node:module'
const require = _createRequire(import.meta.url)
const __filename = import.meta.filename
const __dirname = import.meta.dirname`

/** A thread's code, for bundles that are one file: a string in them. */
async function threadCode(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: import.meta.dirname,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minifyWhitespace: true,
    minifySyntax: true,
    write: false,
  })
  return JSON.stringify(outputFiles[0]?.text)
}

const threads = {
  BCRYPT_WORKER: await threadCode('services/bouncer/account/bcrypt-worker.ts'),
  ATTACHMENT_WORKER: await threadCode('services/registry/images/attachment-worker.ts'),
}

for (const names of [services, ...services.map((name) => [name])]) {
  const name = names === services ? 'fuchsbau' : names.join()
  const imports = names.map(
    (each) => `import { service as ${each} } from '@fuchsbau/${each}/main.ts'`,
  )
  // The images, each with one service, set up no others.
  const isWhole = names === services
  if (isWhole) imports.push("import { deployCommands as deploy } from './deploy/commands.ts'")
  const more = isWhole ? ', { deploy }' : ''
  const code = `${imports.join('\n')}\nimport { run } from './command.ts'\nawait run([${names.join()}]${more})\n`
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
    define: threads,
    metafile: true,
  })
  escapeBeyondAscii(`dist/${name}.mjs`)
  writeFileSync(`dist/${name}.cdx.json`, `${billOfMaterials(name, result)}\n`)
  for (const [path, { bytes }] of Object.entries(result.metafile.outputs)) {
    if (path.endsWith('.mjs')) console.log(`${path}  ${(bytes / 1e6).toFixed(1)} MB`)
  }
}

/**
 * Node keeps the source in memory, in two bytes a character as soon as one is not ASCII. esbuild escapes those in
 * strings, but not those in templates and regular expressions.
 */
function escapeBeyondAscii(file: string): void {
  const code = readFileSync(file, 'utf8')
  if (/\\\P{ASCII}/u.test(code))
    throw new Error(`${file}: a backslash before a character beyond ASCII`)
  const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0')
  writeFileSync(
    file,
    code.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${hex(unit)}`),
  )
}

/** What is in a bundle, as esbuild saw it, and the native modules that it asks for. https://cyclonedx.org/docs/1.6/json/ */
function billOfMaterials(name: string, { metafile }: BuildResult<{ metafile: true }>): string {
  const inputs = Object.entries(metafile.inputs)
  const asked = inputs.flatMap(([, { imports }]) => imports.map(({ path }) => path))
  const folders = new Set([
    ...inputs.flatMap(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
    ...native.filter((each) => asked.includes(each)).map((each) => `node_modules/${each}`),
  ])
  const components = [
    ...new Map([...folders].map(componentOf).map((each) => [each.purl, each])).values(),
  ]
  const component = { type: 'application', name, version: manifest.version }
  return JSON.stringify(
    { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata: { component }, components },
    null,
    1,
  )
}

function componentOf(folder: string) {
  const text = readFileSync(`${folder}/package.json`, 'utf8')
  const { name, version, license } = JSON.parse(text) as Record<string, string | undefined>
  const purl = `pkg:npm/${name?.replace('@', '%40')}@${version}`
  const licenses = license === undefined ? [] : [licenseOf(license)]
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses }
}

/** An identifier of SPDX, or an expression of them. */
function licenseOf(license: string) {
  return license.includes(' ') ? { expression: license } : { license: { id: license } }
}
