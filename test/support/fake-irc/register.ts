// What clients say until they are welcome: CAP, PASS, NICK, USER, AUTHENTICATE.
import { scramServer } from '../scram.ts'
import * as acts from './acts.ts'
import type { FakeConnection } from './connection.ts'
import { sendWelcome } from './replies.ts'
import { tellMonitors } from './tell.ts'
import { fold, type ReceivedLine, sourceOf, type World } from './world.ts'

const maxCapLine = 400
const maxPayload = 400
type Command = (world: World, connection: FakeConnection, line: ReceivedLine) => void

/** Commands that are understood before registration, and most of them after. */
export const registerCommands: Readonly<Record<string, Command>> = {
  CAP: cap,
  AUTHENTICATE: authenticate,
  NICK: nick,
  PASS(_world, connection, { params }) {
    connection.password = params[0] ?? ''
  },
  USER(world, connection, { params }) {
    if (connection.isRegistered) {
      connection.numeric('462', 'You may not reregister')
      return
    }
    connection.user.user = params[0] ?? ''
    connection.user.realname = params[3] ?? ''
    welcomeWhenReady(world, connection)
  },
}

/** `name=value` as CAP LS 302 and CAP NEW have it. */
export function capWords(caps: Readonly<Record<string, string>>, hasValues: boolean): string[] {
  return Object.entries(caps).map(([name, value]) =>
    hasValues && value !== '' ? `${name}=${value}` : name,
  )
}

function cap({ settings }: World, connection: FakeConnection, { params }: ReceivedLine): void {
  const { caps, user } = connection
  const say = (...words: string[]) =>
    connection.tell(`:${settings.name} CAP ${user.nick} ${words.join(' ')}`)
  const [verb = '', asked = ''] = params
  switch (verb.toUpperCase()) {
    case 'LS': {
      if (!connection.isRegistered) connection.isNegotiating = true
      connection.capVersion = Math.max(connection.capVersion, Number(asked) || 301)
      const isModern = connection.capVersion >= 302
      if (isModern && 'cap-notify' in settings.caps) caps.add('cap-notify')
      let rest = ''
      for (const word of capWords(settings.caps, isModern)) {
        if (isModern && rest !== '' && rest.length + word.length > maxCapLine) {
          say('LS', '*', `:${rest}`)
          rest = ''
        }
        rest = rest === '' ? word : `${rest} ${word}`
      }
      say('LS', `:${rest}`)
      return
    }
    case 'LIST':
      say('LIST', `:${[...caps].join(' ')}`)
      return
    case 'REQ': {
      if (!connection.isRegistered) connection.isNegotiating = true
      const words = asked.split(' ').filter((word) => word !== '')
      const isKnown = words.every((word) => word.replace(/^-/, '') in settings.caps)
      say(isKnown ? 'ACK' : 'NAK', `:${asked}`)
      if (!isKnown) return
      for (const word of words) {
        if (word.startsWith('-')) caps.delete(word.slice(1))
        else caps.add(word)
      }
      return
    }
    case 'END':
      connection.isNegotiating = false
      return
    default:
      connection.numeric('410', verb, 'Invalid CAP command')
  }
}

function nick(world: World, connection: FakeConnection, { params }: ReceivedLine): void {
  const { settings, users } = world
  const { user } = connection
  const [asked = ''] = params
  const folded = fold(world, asked)
  const holder = users.get(folded)
  const isTaken = settings.takenNicks.some((taken) => fold(world, taken) === folded)
  if (asked === '') connection.numeric('431', 'No nickname given')
  else if (!/^[^\s#:!@*,\d-][^\s#:!@*,]*$/.test(asked))
    connection.numeric('432', asked, 'Erroneous Nickname')
  else if ((holder && holder !== user) || isTaken)
    connection.numeric('433', asked, 'Nickname is already in use.')
  else if (connection.isRegistered) acts.nick(world, user, asked)
  else {
    users.delete(fold(world, user.nick))
    user.nick = asked
    users.set(folded, user)
  }
}

/** Welcomes who has said all there is to say, or refuses. */
export function welcomeWhenReady(world: World, connection: FakeConnection): void {
  const { settings } = world
  const { user } = connection
  const isReady = user.nick !== '*' && user.user !== '' && !connection.isNegotiating
  if (!isReady || connection.isRegistered || connection.isClosed) return
  if (settings.ban !== '') {
    connection.numeric('465', settings.ban)
    connection.end(`Closing link: (${user.user}@${user.host}) [${settings.ban}]`)
    return
  }
  if (settings.password !== '' && connection.password !== settings.password) {
    connection.numeric('464', 'Password incorrect')
    connection.end('Closing link: Bad Password')
    return
  }
  connection.isRegistered = true
  sendWelcome(world, connection)
  tellMonitors(world, user, true)
}

/** SASL as of https://ircv3.net/specs/extensions/sasl-3.2 */
function authenticate(world: World, connection: FakeConnection, { params }: ReceivedLine): void {
  const [said = ''] = params
  const { sasl } = connection
  if (!connection.caps.has('sasl')) return
  if (said === '*') {
    connection.sasl = undefined
    connection.numeric('906', 'SASL authentication aborted')
    return
  }
  if (!sasl) {
    const mechanism = said.toUpperCase()
    const offered = (world.settings.caps['sasl'] || 'PLAIN,EXTERNAL,SCRAM-SHA-256').split(',')
    if (!offered.includes(mechanism)) {
      connection.numeric('908', offered.join(','), 'are available SASL mechanisms')
      connection.numeric('904', 'SASL authentication failed')
      return
    }
    connection.sasl = { mechanism, payload: '' }
    connection.tell('AUTHENTICATE +')
    return
  }
  if (said.length > maxPayload) {
    connection.sasl = undefined
    connection.numeric('905', 'SASL message too long')
    return
  }
  sasl.payload += said === '+' ? '' : said
  if (said.length === maxPayload) return
  const text = Buffer.from(sasl.payload, 'base64').toString()
  sasl.payload = ''
  finish(world, connection, text)
}

function finish(world: World, connection: FakeConnection, text: string): void {
  const { accounts, fingerprints } = world.settings
  const mechanism = connection.sasl?.mechanism
  if (mechanism === 'SCRAM-SHA-256') {
    scram(world, connection, text)
    return
  }
  connection.sasl = undefined
  const [, account = '', password = ''] = text.split('\0')
  if (mechanism === 'EXTERNAL') logIn(world, connection, fingerprints[connection.fingerprint] ?? '')
  else logIn(world, connection, accounts[account] === password ? account : '')
}

function scram(world: World, connection: FakeConnection, text: string): void {
  const { sasl } = connection
  if (!sasl) return
  sasl.scram ??= scramServer((account) => world.settings.accounts[account])
  const account = sasl.scram.accepted()
  if (account !== '') {
    connection.sasl = undefined
    logIn(world, connection, account)
    return
  }
  try {
    connection.tell(`AUTHENTICATE ${Buffer.from(sasl.scram.step(text)).toString('base64')}`)
  } catch {
    connection.sasl = undefined
    logIn(world, connection, '')
  }
}

/** 900 and 903, or 904 for no account. */
function logIn(world: World, connection: FakeConnection, account: string): void {
  if (account === '') {
    connection.numeric('904', 'SASL authentication failed')
    return
  }
  const { user } = connection
  connection.numeric('900', sourceOf(user), account, `You are now logged in as ${account}`)
  connection.numeric('903', 'SASL authentication successful')
  if (connection.isRegistered) acts.account(world, user, account)
  else user.account = account
}
