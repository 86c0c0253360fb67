// The images for arm64: built by the Dockerfile, looked at, run under emulation, pushed through our own registry, signed and verified.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../support/daemon.ts'
import { requirePeer } from '../support/peers.ts'
import { type RegistryProcess, startRegistry } from '../support/registry-process.ts'
import { makeRegistryTools, type RegistryTools } from '../support/registry-tools.ts'
import { PASSWORD } from '../support/service-process.ts'
import { waitFor } from '../support/wait-for.ts'
import { buildImages, type ImageName, type Images } from './support/images.ts'

const names = ['fediverse', 'bouncer', 'registry'] as const
const isThere = (['arm64', 'buildah', 'skopeo', 'cosign', 'cosign2'] as const).every(requirePeer)
const MB = 1_000_000
/** Emulated, on a machine that does other things too. */
const SLOW_MS = 110_000

describe.skipIf(!isThere)('the images for arm64', () => {
  let images: Images
  beforeAll(async () => {
    images = await buildImages('1.2.3', 'abcdef0')
  }, 900_000)
  afterAll(() => images?.[Symbol.asyncDispose]())

  test.each(names)('%s is small, and runs as nobody what it is for', (name) => {
    const sizes = images.layersOf(name)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60 * MB)
    const { architecture, config } = images.configOf(name)
    expect({ architecture, ...config }).toMatchObject({
      architecture: 'arm64',
      User: '65532:65532',
      Entrypoint: ['/nodejs/bin/node', '/app/fuchsbau.mjs'],
      Cmd: [name, 'serve'],
      Labels: {
        'org.opencontainers.image.title': `fuchsbau-${name}`,
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.revision': 'abcdef0',
      },
    })
    expect(config.ExposedPorts).toHaveProperty('3009/tcp')
    // Kubernetes asks by itself.
    expect(config.Healthcheck).toBeUndefined()
  })

  test.each(names)(
    '%s has no shell, no package manager, and nothing of the other services',
    (name) => {
      const files = images.filesOf(name)
      const programs = globSync(
        '{bin,sbin,usr/bin,usr/sbin,usr/local/bin}/{sh,bash,dash,busybox,npm,npx,apt,apt-get,dpkg}',
        { cwd: files },
      )
      expect(programs).toEqual([])
      expect(globSync('app/**/{npm,fedify,fastify}/package.json', { cwd: files })).toEqual([])
      const native = globSync('**/*.node', { cwd: files })
      expect(native).toEqual(
        name === 'fediverse' ? [] : ['app/node_modules/better-sqlite3/prebuilds/linux-arm64.node'],
      )
      for (const each of globSync('app/**/*', { cwd: files })) {
        const { uid, mode } = statSync(join(files, each))
        expect({ each, uid, others: mode & 0o022 }).toEqual({ each, uid: 0, others: 0 })
      }
      expect(statSync(join(files, 'data')).uid).toBe(65_532)
    },
  )

  test.each(names)('%s has its bill of materials, and the licences', (name) => {
    const app = join(images.filesOf(name), 'app')
    const sbom = JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8'))
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX' })
    const packages: string[] = sbom.components.map((each: { name: string }) => each.name)
    expect(packages).toContain('fastify')
    expect(packages.includes('better-sqlite3')).toBe(name !== 'fediverse')
    expect(packages.includes('irc-framework')).toBe(name === 'bouncer')
    expect(packages).not.toContain('vitest')
    expect(existsSync(join(app, 'LICENSES.txt'))).toBe(true)
  })

  test.each(names)(
    '%s says its version, and checks its configuration',
    async (name) => {
      expect(await images.run(name, ['--version'])).toBe('0.1.0\n')
      expect(await images.run(name, ['config', 'check'])).toContain('valid')
    },
    SLOW_MS,
  )

  test(
    'the fediverse server answers WebFinger',
    async () => {
      const url = await start('fediverse')
      const response = await fetch(`${url}/.well-known/webfinger?resource=acct:you@localhost:3000`)
      expect({ status: response.status, body: await response.json() }).toMatchObject({
        status: 200,
        body: { subject: 'acct:you@localhost:3000' },
      })
    },
    SLOW_MS,
  )

  test(
    'the bouncer lists its capabilities by TLS',
    async () => {
      const url = new URL(await start('bouncer'))
      const socket = connect({
        host: url.hostname,
        port: Number(url.port),
        rejectUnauthorized: false,
      })
      onTestFinished(() => void socket.destroy())
      socket.write('CAP LS 302\r\n')
      let said = ''
      for await (const chunk of socket) {
        said += chunk
        if (said.includes('\n')) break
      }
      expect(said).toMatch(/ CAP \* LS .*sasl/)
    },
    SLOW_MS,
  )

  test(
    'the registry asks who it is',
    async () => {
      const url = await start('registry')
      const response = await fetch(`${url}/v2/`)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="/)
    },
    SLOW_MS,
  )

  describe('pushed through our registry', () => {
    let registry: RegistryProcess
    let tools: RegistryTools
    let host: string
    const references = new Map<ImageName, string>()

    beforeAll(async () => {
      registry = await startRegistry()
      host = new URL(registry.url).host
      tools = makeRegistryTools({ http: [host] })
      for (const key of ['ours', 'theirs']) await tools.cosignKeys(key)
      for (const tool of ['skopeo', 'crane'] as const)
        await tools.login(tool, host, 'you', PASSWORD)
    })
    afterAll(async () => {
      await tools?.[Symbol.asyncDispose]()
      await registry?.[Symbol.asyncDispose]()
    })

    test.each(names)('%s arrives as it was built', async (name) => {
      const tag = `${host}/fuchsbau/${name}:1.2.3`
      await tools.skopeoCopy(`oci:${images.layout}:${name}`, `docker://${tag}`)
      const { Digest: digest } = JSON.parse(
        await tools.skopeo(['inspect', '--no-tags', `docker://${tag}`]),
      )
      const built = JSON.parse(
        await tools.skopeo(['inspect', '--no-tags', `oci:${images.layout}:${name}`]),
      )
      expect(digest).toBe(built.Digest)
      references.set(name, `${host}/fuchsbau/${name}@${digest}`)
    })

    test.each(names)(
      '%s is signed in both forms and attested, and a wrong key is refused',
      async (name) => {
        const ref = references.get(name) ?? ''
        const digest = ref.split('@')[1]
        // Each form by itself: cosign 3's bundle before there is the tag of version 2.
        for (const version of [3, 2] as const) {
          await tools.cosignSign({ version, key: 'ours', ref })
          const [payload] = await tools.cosignVerify({ version, key: 'ours', ref })
          expect(payload?.critical.image['docker-manifest-digest']).toBe(digest)
          await expect(tools.cosignVerify({ version, key: 'theirs', ref })).rejects.toThrow()
        }
        tools.write(
          `${name}.cdx.json`,
          readFileSync(join(images.filesOf(name), 'app/sbom.cdx.json')),
        )
        const about = ['--type', 'cyclonedx', '--allow-http-registry']
        const offline = ['--yes', '--tlog-upload=false', '--use-signing-config=false']
        await tools.cosign(3, [
          'attest',
          ...offline,
          ...about,
          '--key',
          'ours.key',
          '--predicate',
          `${name}.cdx.json`,
          ref,
        ])
        const verify = (key: string) =>
          tools.cosign(3, [
            'verify-attestation',
            '--insecure-ignore-tlog=true',
            ...about,
            '--key',
            `${key}.pub`,
            ref,
          ])
        const { payload: attested } = JSON.parse(await verify('ours'))
        const statement = JSON.parse(Buffer.from(attested, 'base64').toString())
        expect(`sha256:${statement.subject[0].digest.sha256}`).toBe(digest)
        expect(statement.predicate.components.length).toBeGreaterThan(10)
        await expect(verify('theirs')).rejects.toThrow()
      },
    )
  })

  /** Starts the image's program; resolves to its address when it is ready. */
  async function start(name: ImageName): Promise<string> {
    const [port, web, management] = await freePorts(3)
    const listen = `127.0.0.1:${port}`
    const process = images.start(name, {
      [`FUCHSBAU_${name.toUpperCase()}_LISTEN`]: listen,
      FUCHSBAU_MANAGEMENT_LISTEN: `127.0.0.1:${management}`,
      FUCHSBAU_OWNER_PASSWORD: PASSWORD,
      ...(name === 'bouncer' && { FUCHSBAU_BOUNCER_WEB_LISTEN: `127.0.0.1:${web}` }),
    })
    onTestFinished(() => process[Symbol.asyncDispose]())
    await waitFor(
      async () => {
        if (process.hasEnded()) return true
        return (await fetch(`http://127.0.0.1:${management}/readyz`)).status === 200
      },
      { what: `${name} to be ready`, timeoutMs: 90_000, everyMs: 200, context: process.log },
    )
    if (process.hasEnded()) throw new Error(process.log())
    return `http://${listen}`
  }
})
