// What a test makes happen on the fake network, by names of people who are made when they are not there.
import * as acts from './acts.ts'
import type { Tags } from './connection.ts'
import { type Flood, type FloodResult, flood } from './flood.ts'
import { capWords } from './register.ts'
import { sendIsupport } from './replies.ts'
import { tellMonitors } from './tell.ts'
import { channelNamed, channelsOf, type FakeUser, fold, userNamed, type World } from './world.ts'

/** The test's hands on the network. A nick is anybody's, also a client's. */
export interface FakeIrcDrive {
  /** Someone without a connection comes online: MONITOR sees it. */
  user(nick: string, changes?: Partial<Omit<FakeUser, 'nick' | 'connection'>>): FakeUser
  /** PRIVMSG to a channel or nick. */
  say(target: string, nick: string, text: string, tags?: Tags): void
  notice(target: string, nick: string, text: string, tags?: Tags): void
  tagmsg(target: string, nick: string, tags: Tags): void
  /** `modes`: those that have a prefix, such as `ov`, without a MODE line. */
  join(channel: string, nick: string, options?: { modes?: string; tags?: Tags }): void
  part(channel: string, nick: string, reason?: string): void
  quit(nick: string, reason?: string): void
  nick(from: string, to: string): void
  topic(channel: string, nick: string, text: string): void
  /** `mode('#fox', 'op', '+ov', 'alice', 'bob')`. */
  mode(channel: string, nick: string, ...change: string[]): void
  kick(channel: string, nick: string, victim: string, reason?: string): void
  away(nick: string, text: string): void
  /** Logs in, or out with ''. */
  account(nick: string, account: string): void
  chghost(nick: string, user: string, host: string): void
  setname(nick: string, realname: string): void
  invite(channel: string, nick: string, to: string): void
  /** Nicks leave in a netsplit: one batch for clients that take it, QUITs for others. */
  netsplit(nicks: readonly string[], servers?: string): void
  /** They come back to the channels that they were in. */
  netjoin(nicks: readonly string[], servers?: string): void
  /** CAP NEW, to clients with cap-notify; registers offer it from now on. */
  addCap(name: string, value?: string): void
  /** CAP DEL. */
  removeCap(name: string): void
  /** 005 with a change of a token after registration; undefined takes it away. */
  isupport(key: string, value: string | undefined): void
  /** So many PRIVMSGs as fast as they are read. */
  flood(count: number, what: Flood): Promise<FloodResult>
}

/** The test's hands on a world. */
export function driveWorld(world: World): FakeIrcDrive {
  const user = (nick: string) => {
    const isNew = !world.users.has(fold(world, nick))
    const found = userNamed(world, nick)
    if (isNew) tellMonitors(world, found, true)
    return found
  }
  const left = new Map<FakeUser, string[]>()
  const say = (message: acts.FakeMessage, nick: string, tags?: Tags) => {
    acts.message(world, user(nick), message, tags)
  }
  /** Tells clients with cap-notify, or who said CAP LS 302. */
  const announce = (verb: 'NEW' | 'DEL', word: (hasValues: boolean) => string, name: string) => {
    for (const connection of world.connections) {
      const { caps, user: to, capVersion } = connection
      if (verb === 'DEL') caps.delete(name)
      if (!caps.has('cap-notify') && capVersion < 302) continue
      connection.tell(`:${world.settings.name} CAP ${to.nick} ${verb} :${word(capVersion >= 302)}`)
    }
  }
  return {
    user: (nick, changes = {}) => Object.assign(user(nick), changes),
    say: (target, nick, text, tags) => say({ command: 'PRIVMSG', target, text }, nick, tags),
    notice: (target, nick, text, tags) => say({ command: 'NOTICE', target, text }, nick, tags),
    tagmsg: (target, nick, tags) => say({ command: 'TAGMSG', target }, nick, tags),
    join: (channel, nick, { modes, tags } = {}) =>
      acts.join(world, user(nick), channel, tags, modes),
    part: (channel, nick, reason) => acts.part(world, user(nick), channel, reason),
    quit: (nick, reason) => acts.quit(world, user(nick), reason),
    nick: (from, to) => acts.nick(world, user(from), to),
    topic: (channel, nick, text) => acts.topic(world, user(nick), channel, text),
    mode: (channel, nick, ...change) => acts.mode(world, user(nick), channel, change),
    kick: (channel, nick, victim, reason) =>
      acts.kick(world, user(nick), { channel, user: user(victim), ...(reason && { reason }) }),
    away: (nick, text) => acts.away(world, user(nick), text),
    account: (nick, account) => acts.account(world, user(nick), account),
    chghost: (nick, name, host) => acts.chghost(world, user(nick), name, host),
    setname: (nick, realname) => acts.setname(world, user(nick), realname),
    invite: (channel, nick, to) => acts.invite(world, user(nick), user(to), channel),
    netsplit(nicks, servers = 'hub.fake.test leaf.fake.test') {
      const leavers = nicks.map(user)
      for (const leaver of leavers) {
        const channels = channelsOf(world, leaver)
        left.set(
          leaver,
          channels.map(({ name }) => name),
        )
      }
      inBatch(world, leavers, `netsplit ${servers}`, (batch) => {
        for (const leaver of leavers) acts.quit(world, leaver, servers, { batch })
      })
    },
    netjoin(nicks, servers = 'hub.fake.test leaf.fake.test') {
      const known = [...left.keys()].filter(({ nick }) => nicks.includes(nick))
      const hosts = known.flatMap((comer) => left.get(comer) ?? [])
      const members = hosts.flatMap((name) => [...channelNamed(world, name).members.keys()])
      inBatch(world, members, `netjoin ${servers}`, (batch) => {
        for (const comer of known) {
          world.users.set(fold(world, comer.nick), comer)
          for (const name of left.get(comer) ?? []) acts.join(world, comer, name, { batch })
          left.delete(comer)
        }
      })
    },
    addCap(name, value = '') {
      world.settings.caps[name] = value
      announce('NEW', (hasValues) => capWords({ [name]: value }, hasValues).join(' '), name)
    },
    removeCap(name) {
      delete world.settings.caps[name]
      announce('DEL', () => name, name)
    },
    isupport(key, value) {
      if (value === undefined) delete world.settings.isupport[key]
      else world.settings.isupport[key] = value
      for (const connection of world.connections) {
        if (!connection.isRegistered) continue
        sendIsupport(connection, value === undefined ? { [`-${key}`]: '' } : { [key]: value })
      }
    },
    flood: (count, what) => flood(world, count, what),
  }
}

/** Opens a batch at every connection that shares a channel with one of these, and closes it behind `act`. */
function inBatch(
  world: World,
  users: readonly FakeUser[],
  kind: string,
  act: (batch: string) => void,
): void {
  world.count += 1
  const batch = `b${world.count}`
  const hearers = new Set(
    users
      .flatMap((user) => channelsOf(world, user))
      .flatMap(({ members }) => [...members.keys()])
      .map(({ connection }) => connection)
      .filter((connection) => connection?.caps.has('batch')),
  )
  for (const connection of hearers)
    connection?.tell(`:${world.settings.name} BATCH +${batch} ${kind}`)
  act(batch)
  for (const connection of hearers) connection?.tell(`:${world.settings.name} BATCH -${batch}`)
}
