import { describe, expect, test } from 'vitest'
import { Isupport, isupportLines } from './isupport.ts'

const of = (...tokens: string[]) => {
  const isupport = new Isupport()
  isupport.add(tokens)
  return isupport
}

describe('what a network says of itself (https://modern.ircdocs.horse/#rplisupport-parameters)', () => {
  test('without a word from it RFC 1459 holds', () => {
    const isupport = new Isupport()
    expect(isupport).toMatchObject({
      casemapping: 'rfc1459',
      chantypes: '#&',
      prefix: { modes: 'ov', symbols: '@+' },
      chanmodes: { lists: 'b', always: 'k', whenSet: 'l', flags: 'imnpst' },
      statusmsg: '',
      network: undefined,
      nicklen: 9,
      channellen: 200,
      topiclen: undefined,
      linelen: 512,
      modes: 3,
      utf8only: false,
      monitor: undefined,
      whox: false,
      extban: undefined,
      elist: '',
      bot: undefined,
      excepts: undefined,
      invex: undefined,
      chathistory: undefined,
      msgreftypes: [],
    })
    expect(isupport.targmax('WHOIS')).toBe(1)
  })

  test('InspIRCd says', () => {
    const isupport = of(
      'CASEMAPPING=ascii',
      'CHANMODES=IXbegw,k,FHJLfjl,ABCDKMNOPQRSTUcimnprstuz',
      'CHANTYPES=#',
      'EXTBAN=,ACNOQRSTUacmnprz',
      'LINELEN=1024',
      'MODES=20',
      'MONITOR=30',
      'NETWORK=Lab\\x20Net',
      'NICKLEN=30',
      'PREFIX=(qaohv)~&@%+',
      'STATUSMSG=~&@%+',
      'EXCEPTS=e',
      'INVEX',
      'BOT=B',
      'WHOX',
      'UTF8ONLY',
      'ELIST=CMNTU',
    )
    expect(isupport).toMatchObject({
      casemapping: 'ascii',
      chantypes: '#',
      prefix: { modes: 'qaohv', symbols: '~&@%+' },
      chanmodes: { lists: 'IXbegw', always: 'k', whenSet: 'FHJLfjl' },
      statusmsg: '~&@%+',
      network: 'Lab Net',
      nicklen: 30,
      linelen: 1024,
      modes: 20,
      utf8only: true,
      monitor: 30,
      whox: true,
      extban: { prefix: '', types: 'ACNOQRSTUacmnprz' },
      elist: 'CMNTU',
      bot: 'B',
      excepts: 'e',
      invex: 'I',
    })
  })

  test('Ergo says', () => {
    const isupport = of(
      'CHATHISTORY=1000',
      'MSGREFTYPES=msgid,timestamp',
      'EXTBAN=,m',
      'TARGMAX=NAMES:1,LIST:1,KICK:,WHOIS:1,privmsg:4',
      'MODES',
      'MONITOR=',
    )
    expect(isupport).toMatchObject({
      chathistory: 1000,
      msgreftypes: ['msgid', 'timestamp'],
      modes: Number.POSITIVE_INFINITY,
      monitor: Number.POSITIVE_INFINITY,
    })
    expect(
      ['WHOIS', 'KICK', 'PRIVMSG', 'JOIN'].map((command) => isupport.targmax(command)),
    ).toEqual([1, Number.POSITIVE_INFINITY, 4, 1])
  })

  test('an empty PREFIX means no ranks, an empty CHANTYPES no channels', () => {
    const isupport = of('PREFIX=', 'CHANTYPES=')
    expect(isupport.prefix).toEqual({ modes: '', symbols: '' })
    expect(isupport.isChannel('#a')).toBe(false)
  })

  test('nonsense as a number counts as not said', () => {
    expect(of('NICKLEN=many', 'MODES=-1', 'LINELEN=12')).toMatchObject({
      nicklen: 9,
      modes: 3,
      linelen: 512,
    })
  })

  test('a token may change or be taken back', () => {
    const isupport = of('CHANTYPES=#&!', 'NICKLEN=30', 'FOO')
    isupport.add(['-CHANTYPES', 'NICKLEN=31', '-UNKNOWN'])
    expect(isupport.chantypes).toBe('#&')
    expect(isupport.nicklen).toBe(31)
    expect(isupport.tokens()).toEqual(['NICKLEN=31', 'FOO'])
    isupport.clear()
    expect(isupport.tokens()).toEqual([])
    expect(isupport.nicklen).toBe(9)
  })

  test('all tokens come back as they were, unknown ones too, up to 500', () => {
    const tokens = ['NETWORK=a\\x20b', 'draft/ICON=https://x.example/i', 'X=', ...numbered(600)]
    expect(of(...tokens).tokens()).toEqual(tokens.slice(0, 500))
  })
})

describe('a target', () => {
  const isupport = of('CHANTYPES=#+', 'STATUSMSG=@+')

  test.each([
    ['#a', true],
    ['+a', true],
    ['a#', false],
    ['', false],
  ])('%j is a channel: %s', (name, isChannel) => {
    expect(isupport.isChannel(name)).toBe(isChannel)
  })

  test.each([
    ['@#a', '#a'],
    ['@+#a', '#a'],
    ['#a', '#a'],
    ['@nick', '@nick'],
  ])('%s goes to %s', (target, channel) => {
    expect(isupport.withoutStatus(target)).toBe(channel)
  })
})

test('lines of 005 carry at most 13 tokens and 400 bytes, all of them in order', () => {
  const tokens = [...numbered(30), 'L='.padEnd(390, 'x'), 'M=1234567890', 'N']
  const lines = isupportLines(tokens)
  expect(lines.flat()).toEqual(tokens)
  expect(lines.map((line) => line.length)).toEqual([13, 13, 4, 1, 2])
  expect(Math.max(...lines.map((line) => line.join(' ').length))).toBeLessThanOrEqual(400)
  expect(isupportLines(['X'.repeat(401)])).toEqual([])
})

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `T${index}`)
}
