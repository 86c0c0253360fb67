// What a line from the network does, as one table: a command and its handler, one file for each command or family.
// A handler changes the state, and stores or relays the line. What is not in the table is passed on untouched.
import type { Message } from '../irc/message.ts'
import { onAccount, onAway, onChghost, onSetname } from './on/about-user.ts'
import { onAuthenticate, onCap, onSasl } from './on/cap.ts'
import { onChannelReply } from './on/channel-reply.ts'
import { onBan, onError } from './on/error.ts'
import { onInvite } from './on/invite.ts'
import { onJoin } from './on/join.ts'
import { onJoinRefused } from './on/join-refused.ts'
import { onKick } from './on/kick.ts'
import { onLusers } from './on/lusers.ts'
import { onMode } from './on/mode.ts'
import { onMonitor } from './on/monitor.ts'
import { onNames } from './on/names.ts'
import { onNick, onNickRefused } from './on/nick.ts'
import { onPart } from './on/part.ts'
import { onPing, onPong } from './on/ping.ts'
import { onPrivmsg } from './on/privmsg.ts'
import { onQuit } from './on/quit.ts'
import { onRedact } from './on/redact.ts'
import { onTopic } from './on/topic.ts'
import { onMotd, onWelcome } from './on/welcome.ts'
import { passOn } from './pass-on.ts'
import type { Incoming, Upstream } from './upstream.ts'

export type Handler = (upstream: Upstream, message: Message, incoming: Incoming) => void

const HANDLERS: Readonly<Record<string, Handler>> = {
  ACCOUNT: onAccount,
  ACK: () => {}, // of a label of ours: upstream.ts ends the request; none of it is a client's
  AUTHENTICATE: onAuthenticate,
  AWAY: onAway,
  BATCH: onBatch,
  CAP: onCap,
  CHATHISTORY: (upstream, message) => upstream.backfill.target(message),
  CHGHOST: onChghost,
  ERROR: onError,
  FAIL: onFail,
  INVITE: onInvite,
  JOIN: onJoin,
  KICK: onKick,
  MODE: onMode,
  NICK: onNick,
  NOTICE: onPrivmsg,
  PART: onPart,
  PING: onPing,
  PONG: onPong,
  PRIVMSG: onPrivmsg,
  QUIT: onQuit,
  REDACT: onRedact,
  SETNAME: onSetname,
  TAGMSG: onPrivmsg,
  TOPIC: onTopic,
  '001': onWelcome,
  '002': onWelcome,
  '003': onWelcome,
  '004': onWelcome,
  '005': onWelcome,
  '221': onChannelReply,
  '250': onLusers,
  '251': onLusers,
  '252': onLusers,
  '253': onLusers,
  '254': onLusers,
  '255': onLusers,
  '265': onLusers,
  '266': onLusers,
  '305': onChannelReply,
  '306': onChannelReply,
  '324': onChannelReply,
  '329': onChannelReply,
  '331': onChannelReply,
  '332': onChannelReply,
  '333': onChannelReply,
  '353': onNames,
  '366': onNames,
  '372': onMotd,
  '375': onMotd,
  '376': onMotd,
  '396': onChannelReply,
  '422': onMotd,
  '403': onJoinRefused,
  '405': onJoinRefused,
  '432': onNickRefused,
  '433': onNickRefused,
  '436': onNickRefused,
  '437': onNickRefused,
  '464': onBan,
  '465': onBan,
  '466': onBan,
  '470': onJoinRefused,
  '471': onJoinRefused,
  '473': onJoinRefused,
  '474': onJoinRefused,
  '475': onJoinRefused,
  '476': onJoinRefused,
  '477': onJoinRefused,
  '480': onJoinRefused,
  '489': onJoinRefused,
  '520': onJoinRefused,
  '731': onMonitor,
  '900': onSasl,
  '902': onSasl,
  '903': onSasl,
  '904': onSasl,
  '905': onSasl,
  '906': onSasl,
  '907': onSasl,
  '908': onSasl,
}

/** Handles one line. */
export function handle(upstream: Upstream, message: Message, incoming: Incoming): void {
  const handler = Object.hasOwn(HANDLERS, message.command) ? HANDLERS[message.command] : undefined
  if (handler) handler(upstream, message, incoming)
  else passOn(upstream, message, incoming)
}

function onFail(upstream: Upstream, message: Message, incoming: Incoming): void {
  if (message.params[0] === 'CHATHISTORY') upstream.backfill.failed(message)
  else passOn(upstream, message, incoming)
}

function onBatch(upstream: Upstream, message: Message, { time }: Incoming): void {
  if (message.params[0]?.startsWith('+')) upstream.batches.begin(upstream, message, time)
  else upstream.batches.end(upstream, message)
}
