import { request } from 'node:http'
import { listen } from '@fuchsbau/shared/http.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Browser, browse } from './browse.fixture.ts'

const REQUEST_MS = 200
const PIECES = 14

let browser: Browser
let url: string
let csrf: string

beforeEach(async () => {
  browser = browse(undefined, { requestMs: REQUEST_MS, headersMs: 150, uploadMs: 60_000 })
  csrf = await browser.signIn()
  url = await listen(browser.app, { host: '127.0.0.1', port: 0 })
})
afterEach(() => browser.app.close())

/** Sends a form with a file in pieces of so many bytes, one every 50 ms; the status, undefined when it was cut off. */
async function send(path: string, piece: number, cookie: string): Promise<number | undefined> {
  const head = `--xyz\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--xyz\r\nContent-Disposition: form-data; name="file1"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`
  const tail = '\r\n--xyz--\r\n'
  const length = head.length + PIECES * piece + tail.length
  const sending = request(`${url}${path}`, {
    method: 'POST',
    headers: {
      cookie,
      origin: 'http://localhost:3000',
      'content-type': 'multipart/form-data; boundary=xyz',
      'content-length': length,
    },
  })
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  sending.on('response', ({ statusCode }) => resolve(statusCode))
  sending.on('error', () => resolve(undefined))
  sending.write(head)
  let left = PIECES
  const timer = setInterval(() => {
    left -= 1
    if (left >= 0) sending.write(Buffer.alloc(piece))
    if (left === 0) sending.end(tail)
  }, 50)
  try {
    return await promise
  } finally {
    clearInterval(timer)
    sending.destroy()
  }
}

const PUBLISH = '/reynard/admin/publish'

test('a form with files may take longer than other requests, from who is signed in', async () => {
  const start = performance.now()
  // 422: the file is too large for the sample, which it is only when it came whole.
  expect(await send(PUBLISH, 64 * 1024, browser.cookie)).toBe(422)
  expect(performance.now() - start).toBeGreaterThan(2 * REQUEST_MS)
})

test('but not when it hardly moves', async () => {
  expect(await send(PUBLISH, 10, browser.cookie)).toBe(408)
})

test.each([
  ['from a stranger', PUBLISH, () => ''],
  ['to another route', '/login', () => browser.cookie],
])('and not %s', async (_, path, cookie) => {
  const start = performance.now()
  expect(await send(path, 64 * 1024, cookie())).not.toBe(422)
  expect(performance.now() - start).toBeLessThan(2 * REQUEST_MS)
})
