import { afterEach, expect, test } from 'vitest'
import { StoreUnavailable } from '../database/unavailable.ts'
import { createHttp, HttpError } from '../http.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { fieldsOf } from './form.ts'
import { preparePages } from './routes.ts'

class NotADen extends Error {}

const servers: { close(): PromiseLike<unknown> }[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

function create() {
  const lines: string[] = []
  const log = createLog({ level: 'info', stream: { write: (line) => void lines.push(line) } })
  const app = createHttp({ log, metrics: createMetrics(), name: 'test' })
  servers.push(app)
  app.register(async (scope) => {
    const { get, post } = preparePages<{ Params: { id?: string } }>(scope, {
      style: 'p { margin: 0 }',
      showError: (_request, reply, status, detail) =>
        reply.code(status).send(`page of ${status}: ${detail}`),
      statusOf: (error) => (error instanceof NotADen ? 410 : undefined),
    })
    const throws = (error: Error) => () => {
      throw error
    }
    get('/dens/:id', ({ params }, reply) => reply.send(params.id))
    post('/dens', (request, reply) => reply.send(fieldsOf(request).get('name')))
    get('/store', throws(new StoreUnavailable('disk full')))
    get('/own', throws(new NotADen('for programs')))
    get('/readable', throws(new HttpError(403, 'Not your den.')))
    get('/unreadable', throws(Object.assign(new Error('select *'), { statusCode: 409 })))
    get('/broken', throws(new Error('the password is hunter2')))
    get('/rejected', () => Promise.reject(new HttpError(404, 'No den.')))
  })
  return { app, lines }
}

test('pages have parameters, forms fields, and the style is kept for ever', async () => {
  const { app } = create()
  expect((await app.inject('/dens/7')).body).toBe('7')
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const sent = await app.inject({ method: 'POST', url: '/dens', headers, payload: 'name=fox+den' })
  expect(sent.body).toBe('fox den')
  const style = await app.inject('/style.css')
  expect(style.body).toBe('p { margin: 0 }')
  expect(style.headers['cache-control']).toContain('immutable')
})

test.each([
  ['/store', 503, 'undefined', 0],
  ['/own', 410, 'undefined', 0],
  ['/readable', 403, 'Not your den.', 0],
  ['/rejected', 404, 'No den.', 0],
  ['/unreadable', 409, 'undefined', 0],
  ['/broken', 500, 'undefined', 1],
])(
  '%s: an error is the page of %d, with what is for readers; what is our fault is logged',
  async (path, status, detail, logged) => {
    const { app, lines } = create()
    const answer = await app.inject(path)
    expect(answer.statusCode).toBe(status)
    expect(answer.body).toBe(`page of ${status}: ${detail}`)
    expect(lines.filter((line) => line.includes('page failed'))).toHaveLength(logged)
  },
)
