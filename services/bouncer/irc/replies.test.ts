import { describe, expect, test } from 'vitest'
import { type Message, parseMessage } from './message.ts'
import { replyRule } from './replies.ts'

const line = (text: string): Message => {
  const parsed = parseMessage(text)
  if (!parsed) throw new Error(`no message: ${text}`)
  return parsed
}

const places = (request: string, ...lines: string[]) => {
  const rule = replyRule(line(request))
  return lines.map((each) => rule?.match(line(`:irc.example ${each}`)))
}

describe('what answers a request, and what ends it (https://modern.ircdocs.horse/#numerics)', () => {
  test.each([
    [
      'WHOIS fox',
      ['311 me fox u h * :F', '671 me Fox :secure', '318 me fox :End'],
      ['more', 'more', 'end'],
    ],
    ['WHOIS fox', ['401 me fox :No such nick', '318 me fox :End'], ['maybe', 'end']],
    ['WHOIS srv.example fox', ['402 me srv.example :No such server'], ['maybe']],
    ['WHOIS fox[,owl', ['318 me FOX{ :End', '318 me owl :End'], ['maybe', 'maybe']],
    ['WHOWAS fox', ['406 me fox :None', '369 me fox :End'], ['maybe', 'end']],
    ['WHO #a %tnuh,7', ['354 me 7 u h fox', '315 me #a :End'], ['more', 'end']],
    ['NAMES #a', ['353 me = #a :@fox', '366 me #a :End'], ['more', 'end']],
    ['LIST', ['321 me C :U', '322 me #a 3 :t', '323 me :End'], ['more', 'more', 'end']],
    ['MODE #a', ['324 me #a +nt', '329 me #a 1700000000'], ['maybe', 'end']],
    ['MODE #a +b', ['367 me #a x!*@*', '368 me #a :End'], ['more', 'end']],
    ['MODE #a b', ['482 me #a :No'], ['end']],
    ['MODE #a e', ['348 me #a x', '349 me #a :End'], ['more', 'end']],
    ['MODE #a +I', ['346 me #a x', '347 me #a :End'], ['more', 'end']],
    ['MODE #a q', ['728 me #a q x', '729 me #a q :End'], ['more', 'end']],
    ['MODE me', ['221 me +i', '008 me +s'], ['maybe', 'end']],
    ['TOPIC #a', ['332 me #a :t', '333 me #a fox 17'], ['maybe', 'end']],
    ['TOPIC #a', ['331 me #a :No topic'], ['end']],
    ['LINKS', ['364 me a b :0 x', '365 me * :End'], ['more', 'end']],
    ['STATS u', ['242 me :Up', '219 me u :End'], ['more', 'end']],
    ['INFO', ['371 me :x', '374 me :End'], ['more', 'end']],
    ['MOTD', ['375 me :-', '372 me :-', '376 me :End'], ['more', 'more', 'end']],
    ['MOTD', ['422 me :None'], ['end']],
    ['ADMIN', ['256 me :x', '259 me :x'], ['more', 'end']],
    ['VERSION', ['351 me v srv', '005 me A :are supported'], ['maybe', 'more']],
    ['TIME', ['391 me srv :now'], ['end']],
    ['LUSERS', ['251 me :x', '266 me 1 2 :x', '250 me :x'], ['more', 'maybe', 'end']],
    ['MAP', ['006 me :x', '007 me :End'], ['more', 'end']],
    ['USERHOST fox', ['302 me :fox=+u@h'], ['end']],
    ['ISON fox', ['303 me :fox'], ['end']],
    ['USERIP fox', ['340 me :fox=+u@1.2.3.4'], ['end']],
    ['HELP', ['704 me x :x', '705 me x :x', '706 me x :End'], ['more', 'more', 'end']],
    ['INVITE', ['336 me #a', '337 me :End'], ['more', 'end']],
    ['INVITE fox #a', ['341 me fox #a'], ['maybe']],
    ['INVITE fox #a', ['443 me fox #a :is on channel'], ['end']],
    ['AWAY :gone', ['306 me :away'], ['end']],
    ['MONITOR L', ['732 me :fox', '733 me :End'], ['more', 'end']],
    ['MONITOR s', ['731 me :fox'], ['maybe']],
    ['KNOCK #a', ['711 me #a :Delivered'], ['end']],
    ['OPER a b', ['491 me :No'], ['end']],
    ['NICK owl', ['433 me owl :In use', '447 me :Not while on #a (+N)'], ['end', 'end']],
    ['NICK owl', ['437 me owl :Unavailable', '437 me #a :Unavailable'], ['end', undefined]],
  ])('%s: %j', (request, lines, expected) => {
    expect(places(request, ...lines)).toEqual(expected)
  })

  test('any request ends with an error that names its command', () => {
    expect(
      places(
        'LIST',
        '263 me LIST :Later',
        '421 me list :Unknown',
        '461 me WHO :More',
        'FAIL LIST X :no',
      ),
    ).toEqual(['end', 'end', undefined, 'end'])
    expect(places('LIST', 'NOTE LIST X :a hint')).toEqual(['more'])
  })

  test.each([
    ['NAMES #a', '353 me = #b :fox', 'the names of a channel just joined'],
    ['TOPIC #a', '332 me #b :t', 'the topic of a channel just joined'],
    ['WHOIS fox', '401 me owl :No such nick', 'the error of a message to another'],
    ['WHOIS fox', '301 me owl :gone', 'the away of another'],
    ['LIST', '353 me = #a :fox', 'the answer to another request'],
    ['LIST', 'PRIVMSG #a :323', 'no numeric'],
    ['ISON fox', '481 me :No rights', 'an error that names nothing'],
  ])('%s is not answered by %s: %s', (request, reply) => {
    expect(places(request, reply)).toEqual([undefined])
  })

  test('a mask is answered by any name', () => {
    expect(places('WHOWAS f*', '314 me fox u h * :F')).toEqual(['more'])
  })
})

describe('a request that no numeric answers when it succeeds', () => {
  test.each([
    'PRIVMSG #a :x',
    'TOPIC #a :new',
    'MODE #a +o fox',
    'MODE #a +m',
    'JOIN #a',
    'MONITOR + a',
    'constructor',
  ])('%s has no rule', (request) => {
    expect(replyRule(line(request))).toBeUndefined()
  })

  test("with the network's lists a MODE of another letter is a question or a change", () => {
    expect(replyRule(line('MODE #a +q'), 'beI')).toBeUndefined()
    expect(replyRule(line('MODE #a +y'), 'beIy')?.match(line('954 me #a x'))).toBe('more')
  })
})
