// What we ask of other servers, against real ones on loopback.
import { settableClock } from '@fuchsbau/shared/clock.ts'
import { MockAgent } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { blockHosts } from './blocked-hosts.ts'
import { makePost, outcomeOf } from './outbound.ts'
import { createTestRemote, type Peer, sendActivity, startPeer } from './peer.fixture.ts'
import { isActivityType, type Remote } from './remote.ts'
import { checkSignature, readSignature } from './signature.ts'
import { activity, keyId, rsaKey, sha256 } from './signed-request.fixture.ts'

const signer = { keyId, privateKey: rsaKey.privateKey }
const outgoing = { body: activity, digest: sha256(activity), signer }

let peer: Peer
let remote: Remote

beforeEach(async () => {
  peer = await startPeer()
  remote = createTestRemote()
})

afterEach(async () => {
  await remote.close()
  await peer.close()
})

function fetchNote() {
  return remote.fetchDocument(`${peer.origin}/note`)
}

describe('a document', () => {
  test('is had at its id, with User-Agent and Accept', async () => {
    const note = { id: `${peer.origin}/note`, type: 'Note' }
    peer.handler = (_, response) => sendActivity(response, note)
    expect(await fetchNote()).toEqual({
      ok: true,
      document: note,
      id: note.id,
      url: note.id,
      contentType: 'application/activity+json; charset=utf-8',
    })
    const [request] = peer.requests
    expect(request?.headers['user-agent']).toBe('Fuchsbau/0.1 (+https://local.example)')
    expect(request?.headers.accept).toContain('application/activity+json')
    expect(request?.headers.signature).toBeUndefined()
  })

  test('is asked for without the fragment of its id', async () => {
    peer.handler = ({ url }, response) => sendActivity(response, { id: `${peer.origin}${url}` })
    const fetched = await remote.fetchDocument(`${peer.origin}/bob#main-key`)
    expect(fetched).toMatchObject({ ok: true, id: `${peer.origin}/bob` })
  })

  // https://www.w3.org/TR/activitypub/#retrieving-objects
  test.each([
    ['application/activity+json', true],
    ['Application/Activity+JSON; charset=utf-8', true],
    ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', true],
    ['application/ld+json;charset=utf-8; profile=https://www.w3.org/ns/activitystreams', true],
    ['application/ld+json', false],
    ['application/ld+json; profile="https://example.org/"', false],
    ['application/json', false],
    ['text/html', false],
    ['text/plain; x=application/activity+json', false],
    ['', false],
  ])('of type %s: %s', (contentType, isExpected) => {
    expect(isActivityType(contentType)).toBe(isExpected)
  })

  test('of another type is refused: it may be an upload', async () => {
    peer.handler = (_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ id: `${peer.origin}/note` }))
    }
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-content-type' })
  })

  test('that is compressed unasked is refused', async () => {
    peer.handler = (_, response) => {
      response.setHeader('content-encoding', 'gzip')
      sendActivity(response, {})
    }
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-content-type' })
  })

  test.each([
    ['no JSON', 'hello'],
    ['cut off', '{"id":'],
    ['an array', '[]'],
    ['null', 'null'],
    ['nested 65 deep', `${'[{"a":'.repeat(33)}1${'}]'.repeat(33)}`],
  ])('that is %s is refused', async (_, text) => {
    peer.handler = (_, response) => {
      response.setHeader('content-type', 'application/activity+json')
      response.end(text)
    }
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-json' })
  })

  test.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [410, 'gone'],
    [418, 'status'],
    [500, 'status'],
    [304, 'redirects'],
  ])('answered with %i is %s', async (status, kind) => {
    peer.handler = (_, response) => response.writeHead(status).end('go away\r\n\u0007')
    const said = status === 304 ? '' : ': go away'
    const message = `HTTP ${status}${said}`
    expect(await fetchNote()).toEqual({ ok: false, kind, status, message })
  })
})

describe('the id of a document', () => {
  test('that is another on the same host is dereferenced once more', async () => {
    const id = `${peer.origin}/users/bob`
    peer.handler = ({ url }, response) => sendActivity(response, { id, via: url })
    const fetched = await remote.fetchDocument(`${peer.origin}/@bob`)
    expect(fetched).toMatchObject({ ok: true, id, url: id, document: { via: '/users/bob' } })
  })

  test('that never matches is refused', async () => {
    peer.handler = ({ url }, response) => sendActivity(response, { id: `${peer.origin}${url}x` })
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-id' })
    expect(peer.requests.length).toBe(2)
  })

  test('of another host is refused, and that host not asked', async () => {
    const victim = await startPeer((_, response) => sendActivity(response, {}))
    peer.handler = (_, response) => sendActivity(response, { id: `${victim.origin}/note` })
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-id' })
    expect(victim.requests).toEqual([])
    await victim.close()
  })

  test.each([undefined, null, 7, '', 'note', 'https://'])('%s is refused', async (id) => {
    peer.handler = (_, response) => sendActivity(response, { id })
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-id' })
  })

  test('on the host that a redirect led to is what counts', async () => {
    const other = await startPeer()
    const id = `${other.origin}/note`
    other.handler = (_, response) => sendActivity(response, { id })
    peer.handler = (_, response) => response.writeHead(302, { location: id }).end()
    expect(await fetchNote()).toMatchObject({ ok: true, id, url: id })
    other.handler = (_, response) => sendActivity(response, { id: `${peer.origin}/note` })
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'bad-id' })
    await other.close()
  })
})

describe('redirects', () => {
  const redirect = (location: string | undefined) => {
    peer.handler = ({ url }, response) => {
      if (url !== '/note') return sendActivity(response, { id: `${peer.origin}${url}` })
      return response.writeHead(302, location === undefined ? {} : { location }).end()
    }
  }

  test('three are followed, relative or absolute', async () => {
    peer.handler = ({ url }, response) => {
      const step = Number(url.slice(1))
      if (step === 3) return sendActivity(response, { id: `${peer.origin}/3` })
      const location = step === 1 ? '2' : `${peer.origin}/${step + 1}`
      return response.writeHead(301 + (step % 2), { location }).end()
    }
    const fetched = await remote.fetchDocument(`${peer.origin}/0`)
    expect(fetched).toMatchObject({ ok: true, url: `${peer.origin}/3` })
  })

  test('a fourth is not, and a loop ends', async () => {
    redirect('/note')
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'redirects' })
    expect(peer.requests.length).toBe(4)
  })

  test.each([
    ['ftp://example.org/', 'bad-url'],
    ['file:///etc/passwd', 'bad-url'],
    ['http://user:pass@127.0.0.1/', 'bad-url'],
    ['http://[', 'redirects'],
    [undefined, 'redirects'],
  ])('to %s is refused', async (location, kind) => {
    redirect(location)
    expect(await fetchNote()).toMatchObject({ ok: false, kind })
  })

  // Fedify: doubleKnock() validates redirects after signature fallback.
  test.each([
    'https://127.0.0.1/secret',
    'https://[::1]/secret',
    'https://0x7f.1/secret',
    'http://169.254.169.254/latest/meta-data/',
    'http://public.example/',
  ])('from outside to %s are refused before anything is sent', async (location) => {
    const agent = new MockAgent()
    agent.disableNetConnect()
    const start = agent.get('https://public.example').intercept({ path: '/note' })
    start.reply(302, '', { headers: { location } })
    const guarded = createTestRemote({ allowPrivateAddress: false, agent })
    const fetched = await guarded.fetchDocument('https://public.example/note')
    expect(fetched).toMatchObject({ ok: false })
    expect(!fetched.ok && fetched.kind).toMatch(/^(private-address|bad-url)$/)
    await agent.close()
  })
})

describe('without the test setting', () => {
  test('plain http and private addresses are refused', async () => {
    const guarded = createTestRemote({ allowPrivateAddress: false })
    const host = peer.origin.replace('http://', '')
    const fetched = await guarded.fetchDocument(`${peer.origin}/note`)
    expect(fetched).toMatchObject({ ok: false, kind: 'bad-url' })
    const direct = await guarded.fetchDocument(`https://${host}/note`)
    expect(direct).toMatchObject({ ok: false, kind: 'private-address' })
    const posted = await guarded.postActivity(`https://${host}/inbox`, outgoing)
    expect(posted).toMatchObject({ ok: false, kind: 'private-address' })
    expect(peer.requests).toEqual([])
    await guarded.close()
  })

  test('a name that leads to a private address is refused when it is connected to', async () => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const guarded = createTestRemote({ allowPrivateAddress: false, resolve })
    const fetched = await guarded.fetchDocument('https://rebound.example/note')
    expect(fetched).toMatchObject({ ok: false, kind: 'private-address' })
    await guarded.close()
  })
})

describe('limits', () => {
  const big = { id: '', text: 'x'.repeat(2000) }

  test('a document that is announced or turns out too long is refused', async () => {
    await remote.close()
    remote = createTestRemote({ maxBytes: 1000 })
    for (const announced of [true, false]) {
      peer.handler = (_, response) => {
        const text = JSON.stringify(big)
        response.setHeader('content-type', 'application/activity+json')
        if (announced) response.setHeader('content-length', text.length)
        response.write(text)
        response.end()
      }
      expect(await fetchNote()).toMatchObject({ ok: false, kind: 'too-large' })
    }
  })

  test('an endless document is cut off', async () => {
    peer.handler = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/activity+json' })
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20)));
      }
      response.on('drain', more)
      more()
    }
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'too-large' })
  })

  test('the deadline spans silence, dripping and redirects', async () => {
    await remote.close()
    remote = createTestRemote({ timeoutMs: 200 })
    const start = performance.now()
    peer.handler = () => {}
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'timeout' })
    peer.handler = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/activity+json' })
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'timeout' })
    expect(performance.now() - start).toBeLessThan(1500)
  })

  test('nobody there is a network failure', async () => {
    await peer.close()
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'network' })
    peer = await startPeer()
  })

  test('an answer that is not HTTP is a network failure', async () => {
    peer.handler = (_, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n')
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'network' })
  })

  test('a connection cut in the middle of a document is a network failure', async () => {
    peer.handler = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/activity+json' })
      response.write('{"id":', () => response.destroy())
    }
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'network' })
  })

  test('at most so many fetches from one host run or wait', async () => {
    await remote.close()
    remote = createTestRemote({ timeoutMs: 5000, limits: { running: 2, waiting: 1 } })
    const gate = Promise.withResolvers<void>()
    const full = Promise.withResolvers<void>()
    peer.handler = ({ url }, response) => {
      if (peer.requests.length === 2) full.resolve()
      void gate.promise.then(() => sendActivity(response, { id: `${peer.origin}${url}` }))
    }
    const three = [fetchNote(), fetchNote(), fetchNote()]
    expect(await fetchNote()).toMatchObject({ ok: false, kind: 'busy' })
    await full.promise
    expect(peer.requests.length).toBe(2)
    gate.resolve()
    expect((await Promise.all(three)).every(({ ok }) => ok)).toBe(true)
  })
})

describe('signed', () => {
  /** What the peer makes of a request's signature, as a specification's name. */
  function specOf(index: number) {
    const request = peer.requests[index]
    if (request === undefined) return 'no request'
    const { method, url: target, headers, body } = request
    const read = readSignature(
      { method, target, headers, body },
      { origin: peer.origin, now: Date.now() },
    )
    if (!read.ok) return read.reason
    return checkSignature(read.signature, rsaKey.publicKey) ? read.signature.spec : 'wrong'
  }

  const takeOnly = (spec: string) => {
    peer.handler = ({ url, method }, response) => {
      if (specOf(peer.requests.length - 1) !== spec) return response.writeHead(401).end()
      if (method === 'POST') return response.writeHead(202).end()
      return sendActivity(response, { id: `${peer.origin}${url}` })
    }
  }

  test('fetches verify, by the instance’s key or the one given', async () => {
    takeOnly('cavage')
    await remote.close()
    remote = createTestRemote({ signer: () => signer })
    expect(await fetchNote()).toMatchObject({ ok: true })
    const other = { keyId: 'https://local.example/alice#main-key', privateKey: rsaKey.privateKey }
    await remote.fetchDocument(`${peer.origin}/note?x=1`, other)
    expect(specOf(1)).toBe('cavage')
    expect(peer.requests[1]?.headers.signature).toContain(other.keyId)
  })

  // Fedify: doubleKnock() function with fallback to draft-cavage, with successful first attempt.
  test('double-knocking finds what a host takes and remembers it', async () => {
    takeOnly('rfc9421')
    expect(await remote.postActivity(`${peer.origin}/inbox`, outgoing)).toEqual({
      ok: true,
      status: 202,
    })
    expect([specOf(0), specOf(1)]).toEqual(['cavage', 'rfc9421'])
    expect(await remote.postActivity(`${peer.origin}/inbox`, outgoing)).toEqual({
      ok: true,
      status: 202,
    })
    expect([peer.requests.length, specOf(2)]).toEqual([3, 'rfc9421'])
    takeOnly('cavage')
    expect(await remote.postActivity(`${peer.origin}/inbox`, outgoing)).toEqual({
      ok: true,
      status: 202,
    })
    expect([specOf(3), specOf(4)]).toEqual(['rfc9421', 'cavage'])
  })

  // Fedify: doubleKnock() function with both specs rejected.
  test('a host that refuses both is knocked twice, then once', async () => {
    peer.handler = (_, response) => response.writeHead(401).end('no')
    const refused = { ok: false, kind: 'unauthorized', status: 401, message: 'HTTP 401: no' }
    expect(await remote.postActivity(`${peer.origin}/inbox`, outgoing)).toEqual(refused)
    expect(peer.requests.length).toBe(2)
    expect(await remote.postActivity(`${peer.origin}/inbox`, outgoing)).toEqual(refused)
    expect(peer.requests.length).toBe(3)
  })

  const answerInTurn = (...statuses: (number | 'none')[]) => {
    peer.handler = (_, response) => {
      const status = statuses[(peer.requests.length - 1) % statuses.length] ?? 'none'
      if (status === 'none') response.destroy()
      else response.writeHead(status, { 'retry-after': '120' }).end()
    }
  }

  test.each<[number, number | 'none']>([
    [401, 500],
    [403, 503],
    [401, 'none'],
  ])('a POST answered with %s and knocked again with %s is the first', async (status, second) => {
    answerInTurn(status, second)
    const posted = await remote.postActivity(`${peer.origin}/inbox`, outgoing)
    expect(posted).toMatchObject({ ok: false, kind: 'unauthorized', status })
    if (!posted.ok) expect(outcomeOf(posted)).toMatchObject({ kind: 'refused', status })
    // The other specification stays in play.
    await remote.postActivity(`${peer.origin}/inbox`, outgoing)
    expect(peer.requests.length).toBe(4)
  })

  test.each<[number, number]>([
    [400, 500],
    [401, 429],
    [401, 404],
  ])('a POST answered with %s and knocked again with %s is the second', async (first, status) => {
    answerInTurn(first, status)
    expect(await remote.postActivity(`${peer.origin}/inbox`, outgoing)).toMatchObject({ status })
  })

  test('a fetch that is refused, and then meets a host that is down, is tried again later', async () => {
    answerInTurn(401, 503)
    expect(await remote.fetchDocument(`${peer.origin}/note`, signer)).toMatchObject({ status: 503 })
  })

  test('each redirect is signed for where it leads', async () => {
    const { origin } = peer
    peer.handler = ({ url }, response) => {
      if (url === '/a') return response.writeHead(307, { location: '/b' }).end()
      return sendActivity(response, { id: `${origin}/b` })
    }
    await remote.fetchDocument(`${origin}/a`, signer)
    expect([specOf(0), specOf(1)]).toEqual(['cavage', 'cavage'])
  })
})

describe('an activity', () => {
  const post = () => remote.postActivity(`${peer.origin}/inbox`, outgoing)

  test('arrives as it was digested', async () => {
    peer.handler = (_, response) => response.writeHead(202).end()
    expect(await post()).toEqual({ ok: true, status: 202 })
    const [request] = peer.requests
    expect(request?.body.equals(activity)).toBe(true)
    expect(request?.headers['content-type']).toBe('application/activity+json')
    expect(request?.headers['content-length']).toBe(String(activity.length))
    expect(request?.headers['user-agent']).toContain('Fuchsbau')
  })

  test('goes over a connection that is kept', async () => {
    let ports: unknown[] = []
    peer.handler = (_, response) => {
      ports = [...ports, response.socket?.remotePort]
      response.writeHead(202).end('x'.repeat(100))
    }
    for (let count = 0; count < 3; count += 1) await post()
    expect(new Set(ports).size).toBe(1)
  })

  test.each([
    [429, '120', 120_000],
    [503, 'Sun, 22 Nov 2026 12:01:00 GMT', 60_000],
    [503, 'Sun, 22 Nov 2026 11:00:00 GMT', 0],
    [503, '99999999', 86_400_000],
    [503, 'soon', undefined],
    [503, '-1', undefined],
  ])('answered with %i and Retry-After %s waits %s ms', async (status, value, retryAfterMs) => {
    await remote.close()
    remote = createTestRemote({ clock: settableClock(Date.parse('2026-11-22T12:00:00Z')) })
    peer.handler = (_, response) => response.writeHead(status, { 'retry-after': value }).end()
    const posted = await post()
    expect(posted).toMatchObject({ ok: false, kind: 'status', status })
    expect(!posted.ok && posted.retryAfterMs).toBe(retryAfterMs)
  })

  test.each([
    [404, 'not-found'],
    [410, 'gone'],
    [302, 'redirects'],
    [500, 'status'],
  ])('answered with %i is %s, once', async (status, kind) => {
    peer.handler = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end()
    expect(await post()).toMatchObject({ ok: false, kind, status })
    expect(peer.requests.length).toBe(1)
  })

  test('is delivered although the answer never ends', async () => {
    peer.handler = (_, response) => response.writeHead(200).write('x'.repeat(5000))
    expect(await post()).toEqual({ ok: true, status: 200 })
  })

  test('is given up when the signal says so, under way or before', async () => {
    const abort = new AbortController()
    const closing = { ok: false, kind: 'network', message: 'given up: we are closing' }
    peer.handler = () => abort.abort()
    const postTo = makePost(remote, () => signer, blockHosts([]))
    const inbox = `${peer.origin}/inbox`
    const queued = { name: 'x', body: 'x', queuedAt: 0, attempts: 0, nextAt: 0 }
    const delivery = { ...queued, inbox, user: 'you' }
    const body = { id: 'x', text: activity.toString(), digest: sha256(activity) }
    const failed = { kind: 'failed', message: closing.message }
    expect(await postTo(delivery, body, abort.signal)).toEqual(failed)
    expect(await remote.postActivity(inbox, outgoing, abort.signal)).toEqual(closing)
    expect(peer.requests.length).toBe(1)
  })

  test('refused once is not knocked again when the signal says to stop', async () => {
    const abort = new AbortController()
    peer.handler = (_, response) => {
      response.writeHead(401).end()
      response.on('finish', () => abort.abort())
    }
    const posted = await remote.postActivity(`${peer.origin}/inbox`, outgoing, abort.signal)
    expect(posted.ok).toBe(false)
    expect(peer.requests.length).toBe(1)
  })

  test('to nobody fails', async () => {
    await peer.close()
    expect(await post()).toMatchObject({ ok: false, kind: 'network' })
    expect(await remote.postActivity('mailto:a@b.example', outgoing)).toMatchObject({
      kind: 'bad-url',
    })
    peer = await startPeer()
  })
})
