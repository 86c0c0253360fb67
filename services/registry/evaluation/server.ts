// The small built-in upstream: a whole OCI registry that keeps image layout directories, for evaluation and for tests.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Log } from '@fuchsbau/shared/log.ts'
import { type Endpoint, endpointOf } from '../endpoint.ts'
import { OciError } from '../errors.ts'
import * as blobs from './blobs.ts'
import { answer, answerError, answerPage, type Exchange, type Need } from './exchange.ts'
import { Layouts } from './layout.ts'
import * as manifests from './manifests.ts'

export interface EvaluationOptions {
  /** Made when it is missing. Nobody else may write to it meanwhile. */
  directory: string
  log: Log
  clock: Clock
  /** Asked for each request, and for the source of a mount; the header is as the client sent it. */
  authorize(header: string | undefined, need: Need): boolean | Promise<boolean>
  limits?: { manifestBytes?: number }
}

const MANIFEST_BYTES = 4 * 1024 * 1024
/** A token for many repositories is long. An upload may take as long as it needs. Connections outlive those that call. */
const HTTP = { maxHeaderSize: 64 * 1024, requestTimeout: 0, keepAliveTimeout: 75_000 }

/**
 * Serves the registry on a free port of the loopback address, `http://127.0.0.1:PORT`. `close` cuts all connections, and
 * resolves when nothing is written any more.
 */
export async function startEvaluation(options: EvaluationOptions) {
  const layouts = await Layouts.open(options.directory)
  const manifestBytes = options.limits?.manifestBytes ?? MANIFEST_BYTES
  const registry = { layouts, uploads: new Map(), clock: options.clock, manifestBytes }
  const running = new Set<Promise<void>>()
  const server = createServer(HTTP, (request, response) => {
    const task = serve(options, { ...registry, request, response })
    running.add(task)
    void task.finally(() => running.delete(task))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    const closed = once(server.close(), 'close')
    server.closeAllConnections()
    await Promise.all([closed, ...running])
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

type Arrival = Omit<Exchange, 'query' | 'may'>

async function serve({ authorize, log }: EvaluationOptions, arrival: Arrival): Promise<void> {
  const { request, response } = arrival
  const { method = '', url = '', headers } = request
  const [path = ''] = url.split('?', 1)
  const query = new URLSearchParams(url.slice(path.length))
  const may = async (need: Need) => await authorize(headers.authorization, need)
  response.setHeader('docker-distribution-api-version', 'registry/2.0')
  try {
    const endpoint = endpointOf(method, path)
    const need = { repository: repositoryOf(endpoint), action: actionOf(method) }
    if (!(await may(need))) {
      const challenge = { headers: { 'www-authenticate': 'Bearer' } }
      throw new OciError('UNAUTHORIZED', 'The token does not allow this.', challenge)
    }
    await handle(endpoint, need.action, { ...arrival, query, may })
  } catch (error) {
    // Who asked has gone.
    if (response.destroyed) return
    const isFault = response.headersSent || answerError(response, error)
    if (isFault) log.error({ err: error, path }, 'evaluation storage failed')
    if (!response.writableEnded) response.destroy()
  } finally {
    // The rest of a refused body: some clients hear no answer before they have sent it.
    request.resume()
  }
}

function repositoryOf(endpoint: Endpoint): string | undefined {
  if ('repository' in endpoint) return endpoint.repository
  return endpoint.kind === 'catalog' ? '' : undefined
}

/** By the method alone, as Zot does in its bearer mode. */
function actionOf(method: string): Need['action'] {
  if (method === 'GET' || method === 'HEAD') return 'pull'
  return method === 'DELETE' ? 'delete' : 'push'
}

async function handle(endpoint: Endpoint, action: Need['action'], at: Exchange): Promise<void> {
  switch (endpoint.kind) {
    case 'base':
      return answer(at, 200, {}, {})
    case 'catalog':
      return answerPage(at, await at.layouts.repositories(), (page) => ({ repositories: page }))
    case 'tags':
      return await manifests.listTags(at, endpoint.repository)
    case 'referrers':
      return await manifests.listReferrers(at, endpoint.repository, endpoint.digest)
    case 'manifest':
      return await manifests.verbs[action](at, endpoint.repository, endpoint.reference)
    case 'blob':
      if (action === 'pull') return await blobs.getBlob(at, endpoint.repository, endpoint.digest)
      return await blobs.deleteBlob(at, endpoint.repository, endpoint.digest)
    case 'uploads':
      return await blobs.beginUpload(at, endpoint.repository)
    case 'upload':
      return await blobs.changeUpload(at, endpoint.repository, endpoint.id)
    case 'extension':
      throw new OciError('NAME_UNKNOWN', 'There are no extensions here.')
  }
}
