// CAP: a client asks what there is, and switches it on and off.
// https://ircv3.net/specs/extensions/capability-negotiation
import { DOWNSTREAM_CAPS } from '../../irc/caps.ts'
import type { Message } from '../../irc/message.ts'
import { noteOffered } from '../cap-changes.ts'
import { capTokens, offeredTo, tellCaps } from '../capabilities.ts'
import type { Downstream } from '../downstream.ts'

/** Characters of a subcommand in an answer. */
const SHOWN = 50

export function onCap(downstream: Downstream, { params }: Message): void {
  const { registration } = downstream
  const [verb = '', rest = ''] = params
  switch (verb.toUpperCase()) {
    case 'LS':
      list(downstream, rest)
      return
    case 'LIST':
      tellCaps(downstream, 'LIST', [...downstream.caps])
      return
    case 'REQ':
      registration.isNegotiating = !registration.isDone
      request(downstream, rest)
      return
    case 'END':
      registration.negotiated()
      return
    default: {
      const shown = /^[^\s:]\S*$/.test(verb) ? verb.slice(0, SHOWN) : '*'
      downstream.numeric('410', shown, 'Unknown CAP command: LS, LIST, REQ or END')
    }
  }
}

/** The highest version counts from then on; this answer is as the version that was asked for wants it. */
function list(downstream: Downstream, version: string): void {
  const { registration } = downstream
  const isVersion302 = Number(version) >= 302
  registration.isNegotiating = !registration.isDone
  registration.isVersion302 ||= isVersion302
  if (isVersion302) downstream.setCap('cap-notify', true)
  noteOffered(downstream)
  tellCaps(downstream, 'LS', capTokens(offeredTo(downstream)), isVersion302)
}

/** All or nothing. */
function request(downstream: Downstream, text: string): void {
  noteOffered(downstream)
  const caps = text.split(' ').filter((cap) => cap !== '')
  const offered: ReadonlySet<string> = new Set(offeredTo(downstream).keys())
  if (!caps.every((cap) => mayBe(downstream, offered, cap))) {
    tellCaps(downstream, 'NAK', caps)
    return
  }
  tellCaps(downstream, 'ACK', caps)
  for (const cap of caps) downstream.setCap(cap.replace(/^-/, ''), !cap.startsWith('-'))
}

function mayBe({ registration }: Downstream, offered: ReadonlySet<string>, cap: string): boolean {
  if (!cap.startsWith('-')) return offered.has(cap)
  // With 302 it is part of the protocol: “servers MUST NOT disable” it.
  if (cap === '-cap-notify') return !registration.isVersion302
  // What has been taken back meanwhile is off already, as is wanted.
  return KNOWN.has(cap.slice(1))
}

const KNOWN: ReadonlySet<string> = new Set(DOWNSTREAM_CAPS)
