// The import rule (ARCHITECTURE.md): arrows point one way, and each library has one home.
import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Layers of each service, lowest first: a file imports from its own layer and from those before it. */
const layers: Record<string, readonly RegExp[]> = {
  'deploy/': [
    /^(value|settings|conflicts|secrets|images|overlay|folder|next-steps|digest|pin|ask|init)\.ts/,
    /^check\//,
    /^commands\.ts/,
  ],
  'services/fediverse/': [
    /^(store\/|urls\.ts|settings\.ts)/,
    /^(activitypub\/(?!inbox\/|(receive|gate|effects|local)\.ts)|context\.ts|byte-cache\.ts)/,
    /^(account|follow|post)\//,
    /^activitypub\/(inbox\/|(receive|gate|effects|local)\.ts)/,
    /^(show|web|mastodon)\/|^(answers|core|pages)\.ts/,
    /^admin\/|^(app|service|main)\.ts/,
  ],
  'services/bouncer/': [
    /^(irc\/|address-list\.ts)/,
    /^(store\/|settings\.ts)/,
    /^account\//,
    /^(upstream|push|import|hold)\//,
    /^(manage\/|downstream\/line\.ts)/,
    /^history\//,
    /^service\//,
    /^(downstream\/|(backoff|gap|dialing|holding|traffic|ctcp-answers)\.ts)/,
    /^(keeper|detached|hand-over|snapshot|sts-policy|told|network|user|bouncer)\.ts/,
    /^(web|filehost)\/|^(server|web-socket|first-steps|gauges|self-signed)\.ts/,
    /^admin\/|^(service|main)\.ts/,
  ],
  'services/registry/': [
    /^(name|scope|errors|endpoint|settings)\.ts|^images\/(document|signature)\.ts/,
    /^policy\//,
    /^(store|evaluation)\//,
    /^(account\/(caller|rights)|token\/(secret|key-ring|issue|verify|challenge))\.ts/,
    /^(audit-retention|counts|policy-holder|registry|watched-file)\.ts|^webhook\/|^pass\/(failure|fair-share|head|body|connection|sink|send-body|upstream|measured-upstream|manifest-cache)\.ts/,
    /^(account|audit|token|login|pass|manage)\//,
    /^(images|web)\//,
    /^(admin|terminal)\/|^(app|gauges|make-registry|service|main)\.ts/,
  ],
}

/** What only some files may import. */
const homes: Record<string, RegExp> = {
  '@fedify/': /^services\/fediverse\/activitypub\//,
  '@peculiar/x509': /^services\/bouncer\/(self-signed|manage\/certificates)\.ts$/,
  bcryptjs: /^services\/bouncer\/account\/bcrypt-worker\.ts$/,
  'better-sqlite3': /^(services\/(bouncer|registry)\/store|shared\/database)\//,
  fastify: /^(shared\/http\.ts|services\/)/,
  htmlparser2: /^services\/fediverse\/post\//,
  'irc-framework': /^services\/bouncer\/upstream\/connection\.ts$/,
  jose: /^(services\/(bouncer\/account\/token\.ts$|registry\/(token|login)\/)|shared\/login\/logout-token\.ts$)/,
  'markdown-it': /^services\/fediverse\/post\//,
  'node:fs':
    /^(services\/(\w+\/store|registry\/evaluation)\/|shared\/(atomic-file|config|config-file|control-socket|database\/(open|log-sync))\.ts$|bundle\.ts$|deploy\/folder\.ts$)/,
  'openid-client': /^shared\/login\//,
  pino: /^shared\/log\.ts$/,
  socks: /^services\/bouncer\/upstream\/socket\.ts$/,
  undici: /^services\/fediverse\/activitypub\//,
  'web-push': /^services\/bouncer\/push\//,
  ws: /^services\/bouncer\/web-socket\.ts$/,
  yaml: /^(shared\/config[\w-]*\.ts$|services\/registry\/policy\/|deploy\/overlay\.ts$)/,
}

/** What only some files may say. */
const words: Record<string, { pattern: RegExp; home: RegExp }> = {
  'process.env': { pattern: /\bprocess\.env\b/, home: /^(command\.ts|fuchsbau\.js)$/ },
  'the time, but from a clock': {
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    home: /^shared\/clock\.ts$/,
  },
  'a variable of a module': { pattern: /^(export )?let /m, home: /^$/ },
}

type Import = { name: string; isType: boolean; isLazy: boolean }
type Source = { path: string; text: string; imports: Import[] }

const sources = globSync(['*.{js,ts}', '{deploy,shared,services}/**/*.ts'], {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
})
  .filter((path) => !/\.(test|fixture|contract|config)\.ts$/.test(path))
  .map((path): Source => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, imports: [...importsOf(path, text)] }
  })

function* importsOf(path: string, text: string): Generator<Import> {
  const statement = /^(?:import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?'([^']+)'/gm
  const call = /\bimport\(\s*'([^']+)'\s*\)/g
  const resolve = (name: string) =>
    name.startsWith('.') ? normalize(join(path, '..', name)) : name
  for (const [, type, name = ''] of text.matchAll(statement)) {
    yield { name: resolve(name), isType: type !== undefined, isLazy: false }
  }
  for (const [, name = ''] of text.matchAll(call)) {
    yield { name: resolve(name), isType: false, isLazy: true }
  }
}

/** The file of a package of ours; anything else as it is. */
function fileOf({ name }: Import): string {
  return name.replace(/^@fuchsbau\/shared\//, 'shared/').replace(/^@fuchsbau\//, 'services/')
}

function importsThat(isWrong: (path: string, name: string, isType: boolean) => boolean): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ name, isType }) => isWrong(path, name, isType))
      .map(({ name }) => `${path} imports ${name}`),
  )
}

describe('the import rule', () => {
  test('sees imports of every form', () => {
    const text = `import 'a'\nimport type { B } from 'b'\nimport {\n  c,\n} from '../c.ts'\nawait import('d')\n`
    expect([...importsOf('x/y.ts', text)]).toEqual([
      { name: 'a', isType: false, isLazy: false },
      { name: 'b', isType: true, isLazy: false },
      { name: 'c.ts', isType: false, isLazy: false },
      { name: 'd', isType: false, isLazy: true },
    ])
    expect(sources.length).toBeGreaterThan(20)
  })

  test('shared imports no service', () => {
    const wrong = importsThat(
      (path, name) =>
        path.startsWith('shared/') && /^(services\/|@fuchsbau\/(?!shared))/.test(name),
    )
    expect(wrong).toEqual([])
  })

  test('a service imports no other service, and reaches shared by its package only', () => {
    const wrong = importsThat((path, name) => {
      const own = /^services\/\w+\//.exec(path)?.[0]
      if (own === undefined) return false
      if (name.startsWith('@fuchsbau/')) return !name.startsWith('@fuchsbau/shared/')
      return /^(services|shared|test)\//.test(name) && !name.startsWith(own)
    })
    expect(wrong).toEqual([])
  })

  test.each(Object.keys(layers))('in %s a layer imports only itself and lower ones', (service) => {
    const layerOf = (path: string) =>
      layers[service]?.findIndex((layer) => layer.test(path.slice(service.length))) ?? -1
    const own = sources.filter(({ path }) => path.startsWith(service))
    expect(own.filter(({ path }) => layerOf(path) < 0).map(({ path }) => path)).toEqual([])
    const wrong = importsThat(
      (path, name, isType) =>
        !isType &&
        path.startsWith(service) &&
        name.startsWith(service) &&
        layerOf(name) > layerOf(path),
    )
    expect(wrong).toEqual([])
  })

  test.each(Object.entries(homes))('%s is imported only at home', (library, home) => {
    const isIt = (name: string) => name === library || name.startsWith(library.replace(/\/?$/, '/'))
    expect(importsThat((path, name, isType) => !isType && isIt(name) && !home.test(path))).toEqual(
      [],
    )
  })

  test.each([
    ['main.ts', ['fastify', 'pino', '@fedify/', 'better-sqlite3', 'irc-framework', 'ws']],
    ['services/fediverse/service.ts', ['@fedify/']],
    ['services/bouncer/hold/run.ts', ['better-sqlite3', 'fastify', 'irc-framework', 'ws']],
    ['services/bouncer/service.ts', ['@peculiar/', 'bcryptjs', 'jose', 'reflect-metadata']],
  ])('%s loads %j only when they are needed', (start, heavy) => {
    const chains = new Map([[start, start]])
    for (const [path, chain] of chains) {
      const imports = sources.find((known) => known.path === path)?.imports ?? []
      for (const name of imports.filter((each) => !each.isType && !each.isLazy).map(fileOf)) {
        if (!chains.has(name)) chains.set(name, `${chain} > ${name}`)
      }
    }
    const loaded = [...chains.keys()].filter((name) => heavy.some((each) => name.startsWith(each)))
    expect(loaded.map((name) => chains.get(name))).toEqual([])
  })

  test.each(Object.entries(words))('%s is said only at home', (_, { pattern, home }) => {
    const wrong = sources.filter(({ path, text }) => !home.test(path) && pattern.test(text))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})
