import { describe, expect, test } from 'vitest'
import { blockHosts, withoutBlocked } from './blocked-hosts.ts'

const blocked = blockHosts(['bad.example', 'https://WORSE.example:8443/', 'bücher.example'])

describe('a blocked host', () => {
  test.each([
    ['https://bad.example/users/eve', true],
    ['https://bad.example:8443/users/eve#main-key', true],
    ['http://BAD.example', true],
    ['https://bad.example./users/eve', true],
    ['https://sub.bad.example/', true],
    ['https://worse.example/', true],
    ['https://xn--bcher-kva.example/', true],
    ['https://notbad.example/', false],
    ['https://bad.example.org/', false],
    ['https://good.example/?bad.example', false],
    ['https://bad.example@good.example/', false],
    ['bad.example', false],
  ])('has %s: %j', (url, expected) => {
    expect(blocked.has(url)).toBe(expected)
  })

  test('is none where none is named', () => {
    expect(blockHosts([]).has('https://bad.example/')).toBe(false)
    expect(blockHosts(['', 'https://']).has('https://bad.example/')).toBe(false)
  })

  test('is not asked; others are', async () => {
    const asked: string[] = []
    const fetching = withoutBlocked(
      {
        async fetchDocument(url) {
          asked.push(url)
          return { ok: true, document: {}, url }
        },
        async lookupHandle(handle) {
          asked.push(handle)
          return { ok: true, id: handle }
        },
      },
      blocked,
    )
    expect(await fetching.fetchDocument('https://bad.example/x')).toMatchObject({ kind: 'blocked' })
    expect(await fetching.lookupHandle('@eve@sub.bad.example')).toMatchObject({ ok: false })
    expect(await fetching.fetchDocument('https://good.example/x')).toMatchObject({ ok: true })
    expect(await fetching.lookupHandle('@vera@good.example')).toMatchObject({ ok: true })
    expect(asked).toEqual(['https://good.example/x', '@vera@good.example'])
  })
})
