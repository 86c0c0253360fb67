// Our front end before each upstream that it is tested with: the built-in one, Debian's docker-registry (which gets no tokens of
// ours), and Zot, which verifies them again.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from './daemon.ts'
import { startDockerRegistry } from './docker-registry.ts'
import type { Peer } from './peers.ts'
import { type RegistryProcess, startRegistry } from './registry-process.ts'
import { startZot } from './zot.ts'

/** What an upstream is, and what of it is known to be missing. */
export interface UpstreamKind {
  name: string
  peers: Peer[]
  /** Whether it has the referrers of the specification 1.1. */
  hasReferrers: boolean
  /** `env`: more settings of ours. */
  start(env?: Record<string, string>): Promise<StartedUpstream>
}

export interface StartedUpstream {
  front: RegistryProcess
  /** Host of an upstream that can be asked without us. */
  direct?: string
  close(): Promise<void>
}

export const upstreamKinds: UpstreamKind[] = [
  {
    name: 'the built-in upstream',
    peers: [],
    hasReferrers: true,
    async start(env = {}) {
      const front = await startRegistry({ env })
      return { front, close: async () => await front[Symbol.asyncDispose]() }
    },
  },
  {
    name: 'docker-registry',
    peers: ['docker-registry'],
    hasReferrers: false,
    async start(env = {}) {
      const upstream = await startDockerRegistry()
      const front = await startRegistry({
        env: {
          ...env,
          FUCHSBAU_REGISTRY_UPSTREAM: upstream.url,
          FUCHSBAU_REGISTRY_UPSTREAM_BEARER: 'false',
        },
      })
      const close = async () => {
        await front[Symbol.asyncDispose]()
        await upstream.close()
      }
      return { front, direct: upstream.host, close }
    },
  },
  {
    name: 'Zot',
    peers: ['zot'],
    hasReferrers: true,
    async start(env = {}) {
      const [port = 0] = await freePorts(1)
      const front = await startRegistry({
        env: { ...env, FUCHSBAU_REGISTRY_UPSTREAM: `http://127.0.0.1:${port}` },
      })
      const service = new URL(front.url).host
      const key = readFileSync(join(front.directory, 'token-key.pem'), 'utf8')
      const zot = await startZot({ port, realm: `${front.url}/token`, service, key })
      const close = async () => {
        await front[Symbol.asyncDispose]()
        await zot.close()
      }
      return { front, close }
    },
  },
]
