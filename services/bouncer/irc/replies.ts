// Which numerics answer a request, and which of them is the last, so that the answer of a WHOIS goes to the one
// client that asked. Networks without labeled-response answer in the order of the requests.
// https://modern.ircdocs.horse/#numerics; rarer ones as InspIRCd, Solanum, UnrealIRCd, ngIRCd and Ergo send them.
import { fold } from './casemapping.ts'
import type { Message } from './message.ts'

/**
 * What a line is to a request: `more` of its answer is to come; it is the `end`; or `maybe` the last, since some servers
 * stop there and others go on. After `maybe` the request is over as soon as a line comes that does not match it.
 */
export type ReplyPlace = 'more' | 'maybe' | 'end'

export interface ReplyRule {
  /** Undefined when the line does not answer this request. */
  match(message: Message): ReplyPlace | undefined
}

interface Replies {
  readonly places: ReadonlyMap<string, ReplyPlace>
  /** Whether its numerics also come unasked (at JOIN) or for others: then they must name a target of the request. */
  readonly isNamed: boolean
}

/** Numerics by their place, in words; `200-209` is a range. */
function replies(
  numerics: { readonly [place in ReplyPlace]?: string },
  { isNamed = false } = {},
): Replies {
  const places = new Map<string, ReplyPlace>()
  for (const numeric of listed(numerics.more)) places.set(numeric, 'more')
  for (const numeric of listed(numerics.maybe)) places.set(numeric, 'maybe')
  for (const numeric of listed(numerics.end)) places.set(numeric, 'end')
  return { places, isNamed }
}

function listed(numerics = ''): string[] {
  return numerics.split(' ').flatMap((word) => {
    const [first = '', last = first] = word.split('-')
    const length = Number(last) - Number(first) + 1
    return Array.from({ length }, (_, index) => String(Number(first) + index).padStart(3, '0'))
  })
}

const named = { isNamed: true }

const HELP = replies({ more: '704 705 290-294', end: '706 524' })

const TABLE: Readonly<Record<string, Replies>> = {
  ACCEPT: replies({ more: '281', end: '282 457 458' }),
  ADMIN: replies({ more: '256-258', end: '259 423' }),
  AWAY: replies({ end: '305 306' }),
  COMMANDS: replies({ more: '700 702', end: '701 703' }),
  HELP,
  HELPOP: HELP,
  INFO: replies({ more: '371-373', end: '374' }),
  ISON: replies({ end: '303' }),
  KNOCK: replies({ end: '480 711-714' }),
  LINKS: replies({ more: '364', maybe: '481', end: '365' }),
  LIST: replies({ more: '321 322', maybe: '416', end: '323' }),
  LUSERS: replies({ more: '251-254', maybe: '255 265 266', end: '250' }),
  MAP: replies({ more: '006 015 016 018 270', maybe: '481', end: '007 017' }),
  MODULES: replies({ more: '702 900', maybe: '481', end: '703 901' }),
  MOTD: replies({ more: '372 375', end: '376 422' }),
  // 437 names its nick and is one of the errors below: of channels it answers JOIN.
  NICK: replies({ end: '431-433 435 436 438 447 484' }),
  NAMES: replies({ more: '353', maybe: '401 402 403 407', end: '366' }, named),
  OPER: replies({ end: '381 464 491' }),
  REHASH: replies({ maybe: '382', end: '481 723' }),
  RULES: replies({ more: '232 308', end: '309 434' }),
  SERVLIST: replies({ more: '234', end: '235' }),
  SILENCE: replies({ more: '271', end: '272 511' }),
  STATS: replies({ more: '210-218 220 222-227 230 239-250', maybe: '481 723', end: '219' }),
  TIME: replies({ end: '391' }),
  TRACE: replies({ more: '200-209 261', maybe: '481 723', end: '262' }),
  USERHOST: replies({ end: '302' }),
  USERIP: replies({ end: '340' }),
  USERS: replies({ more: '392 393', end: '394 395 424 446' }),
  VERSION: replies({ more: '005', maybe: '351' }),
  WATCH: replies({ more: '600-606 608', end: '512 607' }),
  WHO: replies({ more: '352 354', maybe: '401 402 403 416 522', end: '315' }),
  WHOIS: replies(
    {
      more: '223 275-276 301 307-313 316-317 319-320 325-328 330 335 337-339 343-344 350 378-379 569 615-618 626 630 671-673 689-690 725 742 759-762',
      maybe: '401 402 431',
      end: '318',
    },
    named,
  ),
  WHOWAS: replies({ more: '301 312 314 330 338 344 360 379', maybe: '406 431', end: '369' }, named),
}

const TOPIC_QUERY = replies({ maybe: '332', end: '331 333' }, named)
const INVITE = replies({ maybe: '301 341' }, named)
const INVITE_LIST = replies({ more: '336 346', end: '337 347' })
const MONITOR_LIST = replies({ more: '732', end: '733' })
const MONITOR_STATUS = replies({ maybe: '730 731' })
const USER_MODE_QUERY = replies({ maybe: '221', end: '008' })
const CHANNEL_MODE_QUERY = replies({ maybe: '324', end: '329' }, named)
/** Lists that MODE shows, by letter. */
const LIST_MODES: Readonly<Record<string, Replies>> = {
  b: replies({ more: '367', end: '368' }, named),
  e: replies({ more: '348', end: '349' }, named),
  I: replies({ more: '346', end: '347' }, named),
}
/** Of other letters each server has its own numerics. */
const OTHER_LIST_MODE = replies(
  {
    more: '344 386 388 728 910 926 941 954 961',
    end: '345 387 389 729 911 927 940 953 960',
  },
  named,
)
const OTHER_LIST_LETTERS = 'agqwXZ'

/** End any request if they name one of its targets: no such nick, server, channel; not there; no rights. */
const NAMED_ERRORS = new Set(listed('401-403 406 407 437 441-443 472 476 477 479 482'))
/** End any request if they name its command: try again later, unknown, too few parameters. */
const COMMAND_ERRORS = new Set(listed('263 421 461'))

/**
 * The rule for a request that a client makes; undefined for one that no numeric answers when it succeeds. With
 * `lists`, the network's channel modes of type A, a MODE that sets a flag is told from one that asks for a list.
 */
export function replyRule(request: Message, lists?: string): ReplyRule | undefined {
  const replies = repliesTo(request, lists)
  if (!replies) return undefined
  const targets = targetsOf(request)
  return { match: (message) => placeOf(message, request.command, replies, targets) }
}

function placeOf(
  { command, params }: Message,
  requested: string,
  { places, isNamed }: Replies,
  targets: Targets,
): ReplyPlace | undefined {
  if (COMMAND_ERRORS.has(command)) return isSame(params[1], requested) ? 'end' : undefined
  // https://ircv3.net/specs/extensions/standard-replies
  if (command === 'FAIL') return isSame(params[0], requested) ? 'end' : undefined
  if (command === 'WARN' || command === 'NOTE') {
    return isSame(params[0], requested) ? 'more' : undefined
  }
  const isError = NAMED_ERRORS.has(command)
  const place = places.get(command) ?? (isError ? 'end' : undefined)
  if (!place || ((isNamed || isError) && !isNamedIn(params, targets))) return undefined
  // Of several targets each has its own end, on most servers.
  return place === 'end' && targets.hasSeveral ? 'maybe' : place
}

interface Targets {
  /** Undefined when the request names none, or by a mask. */
  readonly names: ReadonlySet<string> | undefined
  readonly hasSeveral: boolean
}

function targetsOf({ params }: Message): Targets {
  const hasSeveral = params[0]?.includes(',') === true
  if (params.length === 0 || params.some((param) => /[*?]/.test(param))) {
    return { names: undefined, hasSeveral }
  }
  const names = params.flatMap((param) => [param, ...param.split(',')])
  return { names: new Set(names.map((name) => fold(name, 'rfc1459'))), hasSeveral }
}

/** Behind our nick stands the target, in 353 behind one more. Folded the widest way: a wrong merge does no harm here. */
function isNamedIn([, first = '', second = '']: readonly string[], { names }: Targets): boolean {
  return !names || names.has(fold(first, 'rfc1459')) || names.has(fold(second, 'rfc1459'))
}

function isSame(named: string | undefined, command: string): boolean {
  return named?.toUpperCase() === command
}

function repliesTo({ command, params }: Message, lists?: string): Replies | undefined {
  switch (command) {
    case 'INVITE':
      return params.length === 0 ? INVITE_LIST : INVITE
    case 'MODE':
      return modeReplies(params, lists)
    case 'MONITOR':
      return monitorReplies(params[0]?.toUpperCase())
    case 'TOPIC':
      return params.length === 1 ? TOPIC_QUERY : undefined
    default:
      return Object.hasOwn(TABLE, command) ? TABLE[command] : undefined
  }
}

function modeReplies(
  [target = '', letters]: readonly string[],
  lists = `${Object.keys(LIST_MODES).join('')}${OTHER_LIST_LETTERS}`,
): Replies | undefined {
  // A nick begins with a letter, a digit or one of these; no network has channels that do.
  const isChannel = /^[^\p{L}\d[\]\\`_^{|}]/u.test(target)
  if (letters === undefined) return isChannel ? CHANNEL_MODE_QUERY : USER_MODE_QUERY
  const [, letter] = /^\+?([A-Za-z])$/.exec(letters) ?? []
  if (!isChannel || !letter || !lists.includes(letter)) return undefined
  return LIST_MODES[letter] ?? OTHER_LIST_MODE
}

function monitorReplies(verb: string | undefined): Replies | undefined {
  return verb === 'L' ? MONITOR_LIST : verb === 'S' ? MONITOR_STATUS : undefined
}
