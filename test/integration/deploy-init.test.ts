// `fuchsbau deploy init` as a process: asked and answered by pipes, interrupted, run again.
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { settingOf } from '../../deploy/settings.ts'
import manifest from '../../package.json' with { type: 'json' }
import {
  exampleValues,
  filesIn,
  flagsOf,
  runDeploy,
  startDeploy,
  startProgram,
  valuesIn,
} from '../support/deploy-command.ts'
import { launcher } from '../support/service-process.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'

const example = join(import.meta.dirname, '../../deploy/example')
const values = exampleValues()
const { VAULT_CA = '', COSIGN_KEY = '' } = values
const SOURCE = 'https://github.com/you/fuchsbau'
let top: string
let directory: string

beforeEach(() => {
  top = makeTempData('deploy-init')
  directory = join(top, 'lab')
})
afterEach(() => removeTempData(top))

/** In the order of the questions; an empty one takes what is proposed. */
const ANSWERS = {
  DOMAIN: 'den.example',
  SOCIAL_DOMAIN: '',
  INTERNAL_DOMAIN: '',
  TAILNET_DOMAIN: '',
  OWNER: 'vixen',
  ACME_EMAIL: '',
  LB_POOL: '198.51.100.0/28',
  EXTERNAL_ADDRESS: '',
  PUBLIC_ADDRESS: '203.0.113.7',
  INTERNAL_ADDRESS: '',
  TAILNET_ADDRESS: '',
  TAILNET_DNS_ADDRESS: '198.51.100.9',
  ROUTER_ADDRESS: '192.168.1.1',
  BGP_ASN: '',
  POD_CIDR: '',
  TAILNET_ROUTES: '10.43.0.0/16',
  KUBERNETES_ADDRESS: '',
  VAULT_ADDRESS: '',
  VAULT_CA,
  STORAGE_CLASS: 'fast',
  COSIGN_KEY,
  FUCHSBAU_VERSION: '',
  REGISTRY_IMAGE: '',
  SOURCE: '',
}
const lines = (...answers: string[]) => answers.map((answer) => `${answer}\n`).join('')
const all = lines(...Object.values(ANSWERS))
const init = (...args: string[]) => ['init', directory, '--offline', ...args]

describe('answered', () => {
  test('it asks for some twenty values, never for a secret, and writes the overlay', async () => {
    const { code, out, err } = await runDeploy(init(), all)
    expect(err).toBe('')
    expect(code).toBe(0)
    const asked = [...out.matchAll(/^(?:\w*[:\]] )*([A-Z_]{4,})(?: \[[^\n]*\])?: /gm)].map(
      ([, name]) => name,
    )
    expect(asked).toEqual(Object.keys(ANSWERS))
    expect(asked.filter((name) => /PASSWORD|SECRET|TOKEN|PRIVATE/.test(name ?? ''))).toEqual([])
    expect(Object.keys(filesIn(directory))).toEqual([
      'fuchsbau.yaml',
      'kustomization.yaml',
      'settings.yaml',
      'source.yaml',
    ])
    expect(valuesIn(directory)).toMatchObject({
      DOMAIN: 'den.example',
      SOCIAL_DOMAIN: 'den.social',
      INTERNAL_DOMAIN: 'den.internal',
      OWNER: 'vixen',
      ACME_EMAIL: 'vixen@den.example',
      EXTERNAL_ADDRESS: '198.51.100.1',
      TAILNET_DNS_ADDRESS: '198.51.100.9',
      KUBERNETES_ADDRESS: '10.43.0.1',
      VAULT_ADDRESS: 'https://vault.den.internal:8200',
      STORAGE_CLASS: 'fast',
      REGISTRY_IMAGE: `ghcr.io/vixen/fuchsbau-registry:${manifest.version}`,
    })
    expect(parse(filesIn(directory)['source.yaml'] ?? '').spec.url).toBe(
      'https://github.com/vixen/fuchsbau',
    )
  })

  test('it tells what comes next: the secrets for Vault, the callback URLs, what is missing', async () => {
    const { out } = await runDeploy(init(), all)
    expect(out).toContain('vault kv put -mount=secret fuchsbau/registry oidc_client_id=…')
    expect(out).toContain('https://oci.den.example/login/oidc/back')
    expect(out).toMatch(/Without a digest.*\n {2}FEDIVERSE_DIGEST {2,}oci\.den\.example\/fuchsbau/)
    expect(out).toContain(`fuchsbau deploy check ${directory}`)
  })

  test('wrong answers are refused by name, with what is right, and asked for again', async () => {
    const wrong = {
      ...ANSWERS,
      DOMAIN: 'https://den.example\nden.example',
      SOCIAL_DOMAIN: 'den.example\nden.social',
      LB_POOL: '198.51.100.3/28\n198.51.100.0/28',
      EXTERNAL_ADDRESS: '10.0.0.1\n',
      VAULT_CA: `@${join(top, 'none.pem')}\n${VAULT_CA}`,
      COSIGN_KEY: `my key\n${COSIGN_KEY}`,
    }
    const { code, out } = await runDeploy(init(), lines(...Object.values(wrong)))
    expect(code).toBe(0)
    for (const sentence of [
      'DOMAIN is "https://den.example": it must be a domain name in small letters',
      'SOCIAL_DOMAIN is the same as DOMAIN: each has its own.',
      'LB_POOL is "198.51.100.3/28": it must be the first address of the network: 198.51.100.0/28',
      'EXTERNAL_ADDRESS is 10.0.0.1: that is not in LB_POOL, 198.51.100.0/28.',
      'none.pem cannot be read: ENOENT.',
      'COSIGN_KEY is "my key": it must be a public key as PEM (@cosign.pub)',
    ]) {
      expect(out).toContain(sentence)
    }
    expect(valuesIn(directory)['EXTERNAL_ADDRESS']).toBe('198.51.100.1')
  })

  test('an answer that does not go with an earlier one leads back to that', async () => {
    const changed = { ...ANSWERS, POD_CIDR: '198.51.0.0/16' }
    const { code, out } = await runDeploy(
      init(),
      `${lines(...Object.values(changed).slice(0, -1))}`,
    )
    expect(code).toBe(130)
    expect(out).toMatch(/LB_POOL is 198\.51\.100\.0\/28: that is within POD_CIDR.*\n.*LB_POOL: /s)
    expect(valuesIn(directory)['LB_POOL']).toBeUndefined()
  })
})

describe('interrupted', () => {
  const some = lines('den.example', '', '', '', 'vixen')

  test('by the end of its input, it keeps what was answered, and the next run asks for the rest', async () => {
    const first = await runDeploy(init(), some)
    expect(first.code).toBe(130)
    expect(first.err).toContain('What you answered is in')
    expect(valuesIn(directory)).toMatchObject({ DOMAIN: 'den.example', OWNER: 'vixen' })
    const rest = Object.values(ANSWERS).slice(5)
    const second = await runDeploy(init(), lines(...rest))
    expect(second.out).toContain(`${rest.length} questions.`)
    expect(second.out).not.toMatch(/^DOMAIN/m)
    expect(second.code).toBe(0)
    expect(valuesIn(directory)).toMatchObject({ DOMAIN: 'den.example', STORAGE_CLASS: 'fast' })
  })

  test.each(['SIGINT', 'SIGKILL'] as const)('by %s, too', async (signal) => {
    const running = startDeploy(init())
    running.child.stdin.write(some)
    await running.says('ACME_EMAIL [')
    running.child.kill(signal)
    await running.ended
    expect(valuesIn(directory)).toMatchObject({ DOMAIN: 'den.example', OWNER: 'vixen' })
    const second = await runDeploy(init(), lines(...Object.values(ANSWERS).slice(5)))
    expect(second.code).toBe(0)
  })
})

test('by Control-C in a terminal, it says where the answers are, and how to go on', async () => {
  const words = [process.execPath, launcher, 'deploy', ...init()].map((word) => `'${word}'`)
  const running = startProgram('script', ['-qec', words.join(' '), '/dev/null'])
  await running.says('DOMAIN: ')
  running.child.stdin.write('den.example\r')
  await running.says('SOCIAL_DOMAIN [den.social]: ')
  running.child.stdin.write('\u0003')
  const { code, out } = await running.ended
  expect(out).toContain(`What you answered is in ${directory}/settings.yaml`)
  expect(code).toBe(130)
  expect(valuesIn(directory)).toEqual({ DOMAIN: 'den.example' })
})

describe('with flags', () => {
  test('it writes the example from its values', async () => {
    const { code, err } = await runDeploy(init('--yes', '--source', SOURCE, ...flagsOf(values)))
    expect([code, err]).toEqual([0, ''])
    expect(filesIn(directory)).toEqual(filesIn(example))
  })

  test('--yes tells all that has no default at once, and writes nothing', async () => {
    const { code, err } = await runDeploy(init('--yes'))
    expect(code).toBe(64)
    for (const name of ['DOMAIN', 'LB_POOL', 'ROUTER_ADDRESS', 'VAULT_CA', 'COSIGN_KEY']) {
      expect(err).toContain(`--set ${name}=`)
    }
    // These follow from others.
    expect(err).not.toContain('--set SOCIAL_DOMAIN')
    expect(err).not.toContain('--set EXTERNAL_ADDRESS')
    expect(existsSync(directory)).toBe(false)
  })

  test('wrong ones are told all at once, and nothing is written', async () => {
    const wrong = { DOMIAN: 'a.example', BGP_ASN: '0', FEDIVERSE_SIZE: '20 GB' }
    const { code, err } = await runDeploy(init('--yes', ...flagsOf(wrong)))
    expect(code).toBe(64)
    expect(err).toContain('DOMIAN is no setting: did you mean DOMAIN?')
    expect(err).toContain('BGP_ASN is "0": it must be a number from 1 to 4294967295')
    expect(err).toContain('FEDIVERSE_SIZE is "20 GB": it must be a size such as 500Mi')
    expect(existsSync(directory)).toBe(false)
  })

  test.each([
    [['--source', 'git@github.com:you/fuchsbau'], 'must begin with https://, ssh:// or oci://'],
    [['--quiet'], "Unknown option '--quiet'"],
    [['second'], 'One directory at a time.'],
  ])('%j is refused', async (args, message) => {
    const { code, err } = await runDeploy(init(...args))
    expect(err).toContain(message)
    expect(err).toContain('Usage: fuchsbau deploy init')
    expect(code).toBe(64)
  })

  test('oci:// is a source that is verified by the key of the images', async () => {
    const source = 'oci://oci.this-is-fine.io/fuchsbau/deploy'
    await runDeploy(init('--yes', '--source', source, ...flagsOf(values)))
    const files = filesIn(directory)
    expect(parse(files['source.yaml'] ?? '')).toMatchObject({
      kind: 'OCIRepository',
      spec: { url: source, verify: { provider: 'cosign' } },
    })
    expect(files['source-key.yaml']).toContain(COSIGN_KEY)
    expect(valuesIn(directory)['SOURCE_KIND']).toBe('OCIRepository')
    // Back again.
    await runDeploy(init('--yes', '--source', SOURCE))
    expect(valuesIn(directory)['SOURCE_KIND']).toBeUndefined()
  })
})

describe('run again', () => {
  const again = (...args: string[]) => runDeploy(init('--yes', '--source', SOURCE, ...args))
  beforeEach(() => again(...flagsOf(values)))

  const settingsFile = () => join(directory, 'settings.yaml')
  const change = (file: string, from: string | RegExp, to: string) => {
    const path = join(directory, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
  }

  test('without changes, it changes nothing and asks nothing', async () => {
    const before = filesIn(directory)
    const { code, out } = await runDeploy(init())
    expect(code).toBe(0)
    expect(out.match(/is as it should be/g)).toHaveLength(4)
    expect(filesIn(directory)).toEqual(before)
  })

  test('it keeps values that were written by hand, also those it does not know', async () => {
    change('settings.yaml', '# ZOT_SIZE: "100Gi"', 'ZOT_SIZE: 250Gi\n  MY_OWN: "yes"')
    await again('--set', 'BOUNCER_SIZE=30Gi')
    expect(valuesIn(directory)).toMatchObject({
      ZOT_SIZE: '250Gi',
      MY_OWN: 'yes',
      BOUNCER_SIZE: '30Gi',
    })
  })

  test('a wrong value in the file is told, and asked for', async () => {
    change('settings.yaml', 'DOMAIN: this-is-fine.io', 'DOMAIN: https://this-is-fine.io')
    const { code, out, err } = await runDeploy(init(), 'this-is-fine.io\n')
    expect(err).toContain('DOMAIN is "https://this-is-fine.io": it must be a domain name')
    expect(out).toContain('One question.')
    expect(code).toBe(0)
    expect(valuesIn(directory)['DOMAIN']).toBe('this-is-fine.io')
  })

  test('a file that somebody has changed is left alone, but for --force', async () => {
    change('fuchsbau.yaml', 'interval: 1h', 'interval: 5m')
    expect((await again()).out).toMatch(/fuchsbau\.yaml was changed by somebody: left alone/)
    expect(filesIn(directory)['fuchsbau.yaml']).toContain('interval: 5m')
    await again('--force')
    expect(filesIn(directory)['fuchsbau.yaml']).toContain('interval: 1h')
  })

  test('another version is another tag of the source, and has no digest yet', async () => {
    const { out } = await again('--set', 'FUCHSBAU_VERSION=0.2.0', '--set', 'ZOT_VERSION=v9.0.0')
    expect(filesIn(directory)['source.yaml']).toContain('tag: v0.2.0')
    const now = valuesIn(directory)
    expect(now['FEDIVERSE_DIGEST']).toBeUndefined()
    expect(now['ZOT_DIGEST']).toBeUndefined()
    expect(now['HEADSCALE_DIGEST']).toBe(values['HEADSCALE_DIGEST'])
    expect(now['REGISTRY_IMAGE']).toBe('ghcr.io/you/fuchsbau-registry:0.2.0')
    expect(out).toContain('ghcr.io/project-zot/zot-linux-arm64:v9.0.0')
  })

  test('--upgrade takes the versions of this command, and their digests are looked for', async () => {
    await again('--set', 'ZOT_VERSION=v1.0.0', '--set', `ZOT_DIGEST=sha256:${'1'.repeat(64)}`)
    await again('--set', 'FUCHSBAU_VERSION=0.0.1')
    const { out } = await again('--upgrade')
    const now = valuesIn(directory)
    expect(now['ZOT_VERSION']).toBe(settingOf('ZOT_VERSION')?.fallback)
    expect(now['ZOT_DIGEST']).toBeUndefined()
    expect(now['FUCHSBAU_VERSION']).toBe(manifest.version)
    expect(now['REGISTRY_IMAGE']).toBe(`ghcr.io/you/fuchsbau-registry:${manifest.version}`)
    expect(now['HEADSCALE_DIGEST']).toBe(values['HEADSCALE_DIGEST'])
    expect(out).toMatch(/ZOT_DIGEST +ghcr\.io\/project-zot/)
  })

  test.each([
    ['is no YAML', 'data: [', /settings\.yaml is no YAML/],
    ['is no ConfigMap', 'kind: Secret\n', /settings\.yaml is no ConfigMap/],
    ['holds lists', 'kind: ConfigMap\ndata: {DOMAIN: [a]}\n', /more than a text for DOMAIN/],
  ])('a settings file that %s is told, and left', async (_, text, message) => {
    writeFileSync(settingsFile(), text)
    const { code, err } = await again()
    expect(err).toMatch(message)
    expect(code).toBe(1)
    expect(readFileSync(settingsFile(), 'utf8')).toBe(text)
  })
})

test('digests are looked up at the registry, with a token where it wants one', async () => {
  const digest = `sha256:${'ab'.repeat(32)}`
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request
    asked.push(`${method} ${url.split('?')[0]}`)
    if (url.startsWith('/token')) response.end('{"token":"abc"}')
    else if (headers.authorization !== 'Bearer abc') {
      const challenge = `Bearer realm="${base}/token",service="x",scope="repository:you/r:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    } else response.writeHead(200, { 'docker-content-digest': digest }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const base = `http://127.0.0.1:${port}`
  const image = `127.0.0.1:${port}/you/r:0.1.0`
  const flags = flagsOf({ ...values, REGISTRY_IMAGE: image })
  const { out } = await runDeploy(['init', directory, '--yes', '--source', SOURCE, ...flags])
  server.close()
  expect(asked).toEqual([
    'HEAD /v2/you/r/manifests/0.1.0',
    'GET /token',
    'HEAD /v2/you/r/manifests/0.1.0',
  ])
  expect(out).toContain(`${image}  ${digest}`)
  expect(valuesIn(directory)['REGISTRY_IMAGE']).toBe(`${image}@${digest}`)
})
