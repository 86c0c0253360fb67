// A browser without a screen, for the tests of the pages: keeps cookies, sends forms with Origin and their token.
import { createHttp } from '@fuchsbau/shared/http.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import type { FastifyInstance } from 'fastify'
import type { Bouncer } from '../bouncer.ts'
import { registerWeb } from './routes.ts'
import type { WebDeps } from './visit.ts'

export const URL_OF_PAGES = 'http://localhost:3001'

export interface Answer {
  status: number
  location: string | undefined
  headers: Record<string, string | string[] | number | undefined>
  body: string
}

export interface Browser {
  readonly cookies: Map<string, string>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** With the token of the last page that had one, unless a token is given. */
  post(
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Answer>
  logIn(name: string, password?: string): Promise<Answer>
}

export function servePages(bouncer: Bouncer, changes: Partial<WebDeps> = {}): FastifyInstance {
  const app = createHttp({ log: silentLog(), metrics: createMetrics(), name: 'test' })
  registerWeb(app, {
    bouncer,
    url: URL_OF_PAGES,
    software: { name: 'fuchsbau', version: '0' },
    linkByUserName: false,
    connection: () => ({ host: 'irc.example.org', port: 6697, fingerprint: undefined }),
    retentionMs: 365 * 86_400_000,
    uploadRetentionMs: 90 * 86_400_000,
    ...changes,
  })
  return app
}

/** A browser at pages; several of them are several people. */
export function browse(app: FastifyInstance, url = URL_OF_PAGES): Browser {
  const cookies = new Map<string, string>()
  let csrf = ''
  const { origin, pathname } = new URL(`${url}/`)
  const prefix = pathname.slice(0, -1)
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    payload?: string,
  ): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await app.inject({
      method,
      url: path.startsWith(prefix) ? path : prefix + path,
      headers: { ...(cookie && { cookie }), ...headers },
      ...(payload !== undefined && { payload }),
    })
    for (const line of [response.headers['set-cookie'] ?? []].flat()) {
      const [pair = '', ...rest] = line.split('; ')
      const [name = '', value = ''] = pair.split('=', 2)
      if (rest.includes('Max-Age=0')) cookies.delete(name)
      else cookies.set(name, value)
    }
    const { body, statusCode: status, headers: answered } = response
    csrf = /name="csrf" value="([\w-]+)"/.exec(body)?.[1] ?? csrf
    return { status, location: answered.location, headers: answered, body }
  }
  return {
    cookies,
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, fields = {}, headers = {}) =>
      send(
        'POST',
        path,
        { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        new URLSearchParams({ csrf, ...fields }).toString(),
      ),
    async logIn(name, password = 'secret') {
      const answer = await this.post('/login', { user: name, password })
      if (answer.status === 303) await this.get('/settings')
      return answer
    },
  }
}
