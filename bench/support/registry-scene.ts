// What is measured: a registry as clients see it directly, through nginx, through caddy, and through ours, all in front of
// the same upstream: Zot where it was built by hand, else Debian's docker-registry.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, freePorts } from '../../test/support/daemon.ts'
import { startDockerRegistry } from '../../test/support/docker-registry.ts'
import { digestOf, MANIFEST } from '../../test/support/registry-image.ts'
import { type RegistryProcess, startRegistry } from '../../test/support/registry-process.ts'
import { startZot } from '../../test/support/zot.ts'
import { startCaddy, startNginx } from './registry-proxies.ts'

export interface Subject {
  name: string
  port: number
  /** With the processes that it started. */
  pids(): number[]
}

export interface Scene extends AsyncDisposable {
  upstream: string
  subjects: Subject[]
  ours: Subject
  /** A short token of ours for the repository; everybody sends it. */
  token(): Promise<string>
  /** Deletes a blob that was pushed. */
  remove(digest: string): Promise<void>
  /** The manifest that is asked for. */
  digest: string
}

export interface SceneOptions {
  /** The command of ours. */
  program: string
  nodeOptions: readonly string[]
  /** Zot lets everybody in, and ours sends it no token. */
  isOpen: boolean
}

export const REPOSITORY = 'bench/image'
const LAYERS = 8
const POLICY = `rules:
  - {who: owner, repositories: "**", allow: [pull, push, overwrite, delete, catalog, admin]}
  - {who: people, repositories: "\${username}/**", allow: [pull, push, overwrite, delete]}
  - {who: robots, repositories: "bench/**", allow: [pull, push, overwrite, delete]}
immutable:
  - {repositories: "**", tags: "v*"}
`

export async function startScene({ program, nodeOptions, isOpen }: SceneOptions): Promise<Scene> {
  const hasZot = Boolean(process.env['FUCHSBAU_ZOT'])
  const [zotPort = 0] = await freePorts(1)
  const dockerRegistry = hasZot ? undefined : await startDockerRegistry()
  const port = dockerRegistry ? Number(new URL(dockerRegistry.url).port) : zotPort
  const front = await startRegistry({
    policy: POLICY,
    program,
    nodeOptions,
    env: {
      FUCHSBAU_REGISTRY_UPSTREAM: `http://127.0.0.1:${port}`,
      FUCHSBAU_REGISTRY_UPSTREAM_BEARER: String(hasZot && !isOpen),
    },
  })
  const registry = dockerRegistry ?? (await startZotFor(front, port, isOpen))
  const { daemon: nginx, buffered, unbuffered } = await startNginx(port)
  const { daemon: caddy, port: caddyPort } = await startCaddy(port)
  const pidsOf = ({ pid }: Daemon) => (pid === undefined ? [] : withChildren(pid))
  const ours = {
    name: 'Fuchsbau',
    port: Number(new URL(front.url).port),
    pids: () => withChildren(front.pid()),
  }
  await front.cli('robot', 'create', 'ci')
  const rights = ['--allow', 'pull,push,overwrite,delete', '--repository', 'bench/**']
  const [secret = ''] = await front.cli('token', 'create', 'robot:ci', ...rights)
  const token = () =>
    front.token({ name: 'ci', secret }, `repository:${REPOSITORY}:pull,push,delete`)
  const digest = await pushImage(`http://127.0.0.1:${port}`, await token())
  return {
    upstream: dockerRegistry
      ? 'docker-registry 2.8.2, open to all'
      : `Zot, ${isOpen ? 'open to all' : 'which verifies each token'}`,
    subjects: [
      { name: 'direct', port, pids: () => pidsOf(registry) },
      { name: 'nginx unbuffered', port: unbuffered, pids: () => pidsOf(nginx) },
      { name: 'nginx default', port: buffered, pids: () => pidsOf(nginx) },
      { name: 'caddy', port: caddyPort, pids: () => pidsOf(caddy) },
      ours,
    ],
    ours,
    token,
    async remove(blob) {
      const path = `http://127.0.0.1:${port}/v2/${REPOSITORY}/blobs/${blob}`
      const headers = { authorization: `Bearer ${await token()}` }
      await fetch(path, { method: 'DELETE', headers })
    },
    digest,
    async [Symbol.asyncDispose]() {
      await caddy.close()
      await nginx.close()
      if (nodeOptions.length > 0) await front.stop() // a profile is written in the end
      await front[Symbol.asyncDispose]()
      await registry.close()
    },
  }
}

async function startZotFor(front: RegistryProcess, port: number, isOpen: boolean): Promise<Daemon> {
  const key = readFileSync(join(front.directory, 'token-key.pem'), 'utf8')
  const service = new URL(front.url).host
  return await startZot({ port, realm: `${front.url}/token`, service, key, isOpen })
}

/** An image of a usual form, under the tag `latest`; its digest. */
async function pushImage(origin: string, token: string): Promise<string> {
  const send = async (method: string, path: string, type: string, body: string) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const url = new URL(path, origin)
    const response = await fetch(url, { method, headers, body })
    if (!response.ok) throw new Error(`${response.status} ${path}: ${await response.text()}`)
    return response
  }
  const push = async (mediaType: string, blob: string) => {
    const begun = await send('POST', `/v2/${REPOSITORY}/blobs/uploads/`, 'text/plain', '')
    const url = new URL(begun.headers.get('location') ?? '', origin)
    url.searchParams.set('digest', digestOf(blob))
    await send('PUT', `${url.pathname}${url.search}`, 'application/octet-stream', blob)
    return { mediaType, digest: digestOf(blob), size: blob.length }
  }
  const layers = Array.from({ length: LAYERS }, (_, index) => `layer ${index}`)
  const image = 'application/vnd.oci.image'
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: await push(`${image}.config.v1+json`, '{"os":"linux","architecture":"amd64"}'),
    layers: await Promise.all(layers.map((text) => push(`${image}.layer.v1.tar+gzip`, text))),
  })
  await send('PUT', `/v2/${REPOSITORY}/manifests/latest`, MANIFEST, manifest)
  return digestOf(manifest)
}

/** A process and its children. */
function withChildren(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      return Number(stat.split(') ')[1]?.split(' ')[1]) === pid
    } catch {
      return false
    }
  })
  return [pid, ...children.map(Number)]
}
