// A browser without a screen, for the tests: keeps the cookie, follows what a person would click.

import { createHttp, type HttpLimits } from '@fuchsbau/shared/http.ts'
import { silentLog } from '@fuchsbau/shared/log.ts'
import { createMetrics } from '@fuchsbau/shared/metrics.ts'
import type { FastifyInstance } from 'fastify'
import type { WebDeps } from './deps.ts'
import { makePages } from './routes.ts'
import { makeSample, type Sample } from './sample.fixture.ts'
import { elementsOf } from './tree.fixture.ts'

export type Answer = { status: number; headers: Record<string, string | undefined>; body: string }

export type Browser = Sample & {
  app: FastifyInstance
  base: string
  cookie: string
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** Sends a form as a browser does: with Origin and cookie. */
  post(
    path: string,
    fields: Record<string, string> | URLSearchParams,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** Likewise, with files. */
  postFiles(path: string, fields: [name: string, value: string | File][]): Promise<Answer>
  /** Signs in; the CSRF token of her pages. */
  signIn(): Promise<string>
}

type File = { filename: string; type: string; content: string }

/** The pages at `base`, as the service mounts them, on a server with these limits. */
export function browse(
  base = 'http://localhost:3000',
  limits: Partial<HttpLimits> = {},
  deps: Partial<WebDeps> = {},
): Browser {
  const sample = makeSample(base)
  const { origin, pathname } = new URL(`${base}/`)
  const prefix = pathname.slice(0, -1)
  const pages = makePages({ ...sample.deps, ...deps })
  const { notFound } = pages
  const app = createHttp({
    log: silentLog(),
    metrics: createMetrics(),
    name: 'test',
    notFound,
    limits,
  })
  app.register(
    async (scope) => {
      pages.register(scope)
      scope.get<{ Querystring: { t?: string } }>('/', (request, reply) => {
        const { t: tag } = request.query
        return tag ? pages.tag(request, reply, tag) : pages.landing(request, reply)
      })
      scope.get<{ Params: { user: string } }>('/:user', (request, reply) =>
        pages.profile(request, reply, request.params.user),
      )
      scope.get<{ Params: { user: string; tid: string } }>('/:user/p/:tid', (request, reply) =>
        pages.post(request, reply, `${base}/${request.params.user}/p/${request.params.tid}`),
      )
    },
    { prefix },
  )
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    payload?: string,
  ) => {
    const response = await app.inject({
      method,
      url: path.startsWith(prefix) ? path : prefix + path,
      headers: { ...(browser.cookie ? { cookie: browser.cookie } : {}), ...headers },
      ...(payload === undefined ? {} : { payload }),
    })
    for (const set of [response.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = set.split(';')
      const [name = ''] = pair.split('=', 1)
      if (/; Max-Age=0\b/.test(set)) cookies.delete(name)
      else cookies.set(name, pair)
      browser.cookie = [...cookies.values()].join('; ')
    }
    return {
      status: response.statusCode,
      headers: response.headers as Answer['headers'],
      body: response.body,
    }
  }
  const cookies = new Map<string, string>()
  const browser: Browser = {
    ...sample,
    app,
    base,
    cookie: '',
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, fields, headers = {}) =>
      send(
        'POST',
        path,
        { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        new URLSearchParams(fields).toString(),
      ),
    postFiles: (path, fields) =>
      send(
        'POST',
        path,
        { origin, 'content-type': 'multipart/form-data; boundary=xyz' },
        multipart(fields),
      ),
    async signIn() {
      await this.post('/login', { user: 'reynard', password: 'geheim' })
      return csrfOf((await this.get('/reynard/admin')).body)
    },
  }
  return browser
}

export function csrfOf(page: string): string {
  return (
    elementsOf(page).find(({ attributes }) => attributes.name === 'csrf')?.attributes.value ?? ''
  )
}

function multipart(fields: [name: string, value: string | File][]): string {
  const parts = fields.map(([name, value]) =>
    typeof value === 'string'
      ? `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
      : `--xyz\r\nContent-Disposition: form-data; name="${name}"; filename="${value.filename}"\r\nContent-Type: ${value.type}\r\n\r\n${value.content}\r\n`,
  )
  return `${parts.join('')}--xyz--\r\n`
}
