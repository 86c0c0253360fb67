import { describe, expect, test } from 'vitest'
import { parseLogin, parseLoginAs } from './login-name.ts'

describe('the name of a login', () => {
  test.each([
    ['you', 'you', undefined, undefined],
    ['you/libera', 'you', 'libera', undefined],
    ['you@phone', 'you', undefined, 'phone'],
    ['you/libera@phone', 'you', 'libera', 'phone'],
    ['you@phone/libera', 'you', 'libera', 'phone'],
    ['you/@', 'you', undefined, undefined],
    ['', '', undefined, undefined],
  ])('%j says who, which network and which client', (text, user, network, client) => {
    expect(parseLogin(text)).toEqual({ user, network, client })
  })

  test('of a client has at most 64 characters', () => {
    expect(parseLogin(`you@${'x'.repeat(100)}`).client).toHaveLength(64)
  })

  test('may be told apart from the one whose password it is, but not be of somebody else (RFC 4616, 2)', () => {
    expect(parseLoginAs('you@desk', 'You/libera')).toEqual({
      user: 'you',
      network: 'libera',
      client: 'desk',
    })
    expect(parseLoginAs('you', '')).toMatchObject({ user: 'you' })
    expect(parseLoginAs('you', 'vera')).toBeUndefined()
  })
})
