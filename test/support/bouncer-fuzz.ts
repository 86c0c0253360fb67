// Lines that no well-meaning program sends, the same ones for the same seed: of clients to a bouncer, and of a network to it.
// What `INJECTED` would begin as a line of its own was smuggled in.

/** A source of random numbers and choices. */
export interface Dice {
  /** A whole number below a limit. */
  below(limit: number): number
  pick<T>(from: readonly [T, ...T[]]): T
  /** Whether this time. */
  chance(part: number): boolean
}

/** mulberry32. */
export function dice(seed: number): Dice {
  let state = seed | 0
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    below,
    pick: (from) => from[below(from.length)] ?? from[0],
    chance: (part) => random() < part,
  }
}

const NASTY = [
  '',
  ' ',
  ':',
  '::',
  '*',
  '0',
  '-1',
  '999999999999999999999',
  'NaN',
  '__proto__',
  'constructor',
  '#',
  '#den',
  '#den,#den,,#',
  '&local',
  '@#den',
  '~&@%+#den',
  'fox',
  'owl',
  'owl!owl@host',
  '*status',
  'BouncerServ',
  '$$*',
  '*,*',
  '../../etc/passwd',
  'a\rINJECTED',
  'a\r:x INJECTED',
  'a\0INJECTED',
  'a\\r\\nINJECTED',
  '\u202e\u0000\ufffd',
  '\u{1f98a}'.repeat(40),
  '\x01VERSION\x01',
  '\x01ACTION',
  '\x01DCC SEND x 1 1 1\x01',
  'é'.repeat(200),
  'x'.repeat(510),
  'x'.repeat(4_000),
  '%s%n',
  "'; DROP TABLE messages; --",
  '"" NEAR("" OR *',
  'timestamp=2026-13-45T99:99:99.999Z',
  'timestamp=',
  'msgid=',
  'msgid=fb0',
  '1969-12-31T23:59:59.999Z',
] as const

const CLIENT_COMMANDS = [
  'AUTHENTICATE',
  'AWAY',
  'BATCH',
  'BOUNCER',
  'BOUNCER BIND',
  'BOUNCER LISTNETWORKS',
  'BOUNCER CHANGENETWORK 1',
  'BOUNCER CHANGENETWORK',
  'BOUNCER DELNETWORK',
  'CAP',
  'CAP LS',
  'CAP LIST',
  'CAP REQ',
  'CAP ACK',
  'CHATHISTORY',
  'CHATHISTORY LATEST #den',
  'CHATHISTORY BEFORE #den',
  'CHATHISTORY AFTER #den',
  'CHATHISTORY AROUND',
  'CHATHISTORY BETWEEN #den',
  'CHATHISTORY TARGETS',
  'ISON',
  'JOIN',
  'KICK',
  'LIST',
  'MARKREAD',
  'MODE',
  'MONITOR',
  'MONITOR +',
  'NAMES',
  'NICK',
  'NOTICE',
  'OPER',
  'PART',
  'PASS',
  'PING',
  'PONG',
  'PONG :fuchsbau-seen-',
  'PRIVMSG',
  'PRIVMSG #den',
  'PRIVMSG BouncerServ',
  'PRIVMSG *status',
  'PRIVMSG *playback',
  'REDACT',
  'REGISTER',
  'RENAME',
  'SEARCH',
  'SETNAME',
  'TAGMSG',
  'TOPIC',
  'USER',
  'USERHOST',
  'WEBPUSH',
  'WEBPUSH REGISTER',
  'WHO',
  'WHOIS',
  'WHOWAS',
  'ZNC',
] as const

const TAGS = [
  '@',
  '@;',
  '@;;;=;=',
  '@=x',
  '@label=',
  '@label=a',
  '@label=\\',
  '@label=a\\r\\nINJECTED',
  `@label=${'l'.repeat(300)}`,
  '@batch=x',
  '@batch=',
  '@time=9999-99-99T00:00:00.000Z',
  '@msgid=fb1;account=owl',
  '@+typing=active',
  '@+draft/react=\u{1f98a};+draft/reply=fb1',
  '@+a=\\\\\\:\\s\\r\\n\\0',
  '@__proto__=x;constructor=y',
  `@${'+k=v;'.repeat(900)}`,
  `@+big=${'x'.repeat(4_000)}`,
  `@+huge=${'x'.repeat(9_000)}`,
] as const

/** A line of a client, with its end. */
export function clientLine(random: Dice): Buffer {
  if (random.chance(0.05)) return noise(random)
  const tags = random.chance(0.25) ? `${random.pick(TAGS)} ` : ''
  const source = random.chance(0.05) ? `:${random.pick(NASTY)} ` : ''
  const command = random.chance(0.1) ? unknownCommand(random) : random.pick(CLIENT_COMMANDS)
  return endLine(random, `${tags}${source}${command}${params(random)}`)
}

const SERVER_COMMANDS = [
  'ACCOUNT',
  'AUTHENTICATE',
  'AWAY',
  'BATCH +',
  'BATCH +x netsplit a b',
  'BATCH +y labeled-response',
  'BATCH -x',
  'CAP * LS',
  'CAP fox NEW',
  'CAP fox DEL',
  'CAP fox ACK',
  'CAP fox NAK',
  'CHGHOST',
  'FAIL',
  'INVITE',
  'JOIN',
  'JOIN #den',
  'KICK #den',
  'KILL',
  'MODE #den',
  'MODE fox',
  'MODE',
  'NICK',
  'NOTICE',
  'NOTICE fox',
  'PART',
  'PING',
  'PONG',
  'PRIVMSG #den',
  'PRIVMSG fox',
  'PRIVMSG',
  'QUIT',
  'REDACT',
  'RENAME',
  'SETNAME',
  'TAGMSG #den',
  'TOPIC #den',
  '001 fox',
  '004 fox',
  '005 fox',
  '005 fox CHANTYPES=',
  '005 fox PREFIX=(',
  '005 fox PREFIX=(ov)@',
  '005 fox CASEMAPPING=ascii',
  '005 fox CASEMAPPING=rfc1459',
  '005 fox CHANMODES=,,,,,,',
  '005 fox -NETWORK',
  '324 fox #den',
  '332 fox #den',
  '333 fox #den',
  '353 fox = #den',
  '352 fox #den',
  '366 fox',
  '372 fox',
  '433 *',
  '730 fox',
  '900 fox',
  '904 fox',
] as const

const SOURCES = [
  '',
  ': ',
  ':! ',
  ':@ ',
  ':fox!fox@127.0.0.1 ',
  ':fox ',
  ':hare!hare@hare.fake.test ',
  ':irc.fake.test ',
  ':owl!owl@owl.fake.test ',
  `:${'n'.repeat(600)}!u@h `,
  ':a\rINJECTED ',
  ':é!ü@ö ',
] as const

/** A line of a network to the client `fox`, with its end. It does not end the connection. */
export function serverLine(random: Dice): Buffer {
  if (random.chance(0.05)) return noise(random)
  const tags = random.chance(0.3) ? `${random.pick(TAGS)} ` : ''
  const command = random.chance(0.15) ? unknownCommand(random) : random.pick(SERVER_COMMANDS)
  return endLine(random, `${tags}${random.pick(SOURCES)}${command}${params(random)}`)
}

function params(random: Dice): string {
  let text = ''
  for (let count = random.below(5); count > 0; count--) text += ` ${random.pick(NASTY)}`
  return random.chance(0.5) ? `${text} :${random.pick(NASTY)}` : text
}

/** A numeric, or a word, that nobody knows. Not ERROR, 465, 466: then the next connection waits for minutes. */
function unknownCommand(random: Dice): string {
  return random.chance(0.6)
    ? String(random.below(1000))
        .padStart(3, '0')
        .replace(/46[56]/, '999')
    : random.pick(['FOO', 'Ünicode', '12', '1234', 'a'.repeat(600), '__proto__', 'toString', '='])
}

function endLine(random: Dice, text: string): Buffer {
  const bytes = random.chance(0.1) ? Buffer.from(text, 'latin1') : Buffer.from(text)
  const long = random.chance(0.01) ? Buffer.alloc(random.below(60_000), 'y') : Buffer.alloc(0)
  return Buffer.concat([bytes, long, Buffer.from(random.pick(['\r\n', '\n', '\r\r\n']))])
}

function noise(random: Dice): Buffer {
  const bytes = Buffer.alloc(1 + random.below(random.chance(0.1) ? 9_000 : 200))
  for (let at = 0; at < bytes.length; at++) {
    const byte = random.below(256)
    bytes[at] = byte === 10 ? 11 : byte
  }
  return Buffer.concat([bytes, Buffer.from('\r\n')])
}
