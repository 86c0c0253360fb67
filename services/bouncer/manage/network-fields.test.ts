import { describe, expect, test } from 'vitest'
import { checkFields, checkWhole } from './network-fields.ts'

describe('what may stand in a field of a network', () => {
  test.each([
    [{ name: 'My Network' }, { name: 'My Network' }],
    [{ name: ' libera ' }, { name: 'libera' }],
    [{ host: 'IRC.Libera.Chat' }, { host: 'irc.libera.chat' }],
    [{ host: '[2001:db8::1]' }, { host: '2001:db8::1' }],
    [{ fingerprint: `${'AB:'.repeat(31)}AB` }, { fingerprint: 'ab'.repeat(32) }],
    [{ fingerprint: 'AB'.repeat(64) }, { fingerprint: 'ab'.repeat(64) }],
    [{ connectCommands: ['', ' MODE fox +B '] }, { connectCommands: ['MODE fox +B'] }],
    [{ socks: 'fox:secret@[::1]:1080' }, { socks: 'fox:secret@[::1]:1080' }],
    [{ encoding: 'iso-8859-15' }, { encoding: 'iso-8859-15' }],
    [{ nick: 'Füchsin' }, { nick: 'Füchsin' }],
  ])('%j', (fields, stored) => {
    expect(checkFields(fields)).toEqual({ ok: true, fields: stored })
  })

  test.each([
    ['name', { name: 'a/b' }],
    ['name', { name: 'a@b' }],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(51) }],
    ['name', { name: 'a\r\nb' }],
    ['host', { host: 'a b' }],
    ['host', { host: 'a..b' }],
    ['host', { host: '-a.example' }],
    ['port', { port: 0 }],
    ['port', { port: 65_536 }],
    ['port', { port: Number.NaN }],
    ['fingerprint', { fingerprint: 'ab' }],
    ['socks', { socks: 'proxy' }],
    // As part of an address these end the host: the connection would go to `fox`. They are written as %23 and the like.
    ['socks', { socks: 'fox:12#x@127.0.0.1:1080' }],
    ['socks', { socks: 'fox:1/2@127.0.0.1:1080' }],
    ['socks', { socks: 'fox:100%@127.0.0.1:1080' }],
    ['nick', { nick: '#fox' }],
    ['nick', { nick: 'fox\r\nQUIT' }],
    ['nick', { nick: 'a b' }],
    ['alternateNicks', { alternateNicks: ['ok', 'a b'] }],
    ['username', { username: 'a b' }],
    ['realname', { realname: 'a\nQUIT' }],
    ['serverPassword', { serverPassword: 'x\r\nQUIT' }],
    ['saslPassword', { saslPassword: 'x'.repeat(401) }],
    ['certificate', { certificate: 'nonsense' }],
    ['connectCommands', { connectCommands: ['MODE x +B\r\nQUIT'] }],
    ['connectCommands', { connectCommands: Array.from({ length: 51 }, () => 'PING x') }],
    ['encoding', { encoding: 'klingon' }],
  ])('%s: %j is refused', (field, fields) => {
    expect(checkFields(fields)).toMatchObject({
      ok: false,
      field,
      reason: expect.stringMatching(/\S/),
    })
  })

  test.each([
    [{}, 'host'],
    [{ host: 'a.example', certificate: 'x' }, 'certificate'],
    [{ host: 'a.example', saslMechanism: 'EXTERNAL' as const }, 'saslMechanism'],
    [{ host: 'a.example', saslMechanism: 'PLAIN' as const, saslUser: 'fox' }, 'saslUser'],
  ])('%j do not fit together', (record, field) => {
    expect(checkWhole(record)).toMatchObject({ ok: false, field })
  })
})
