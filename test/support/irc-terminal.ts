// Real IRC clients in a terminal for tests: irssi 1.4, WeeChat 3.8 and 4.6, senpai 0.4, set up and connecting.
import type { Ca } from './ca.ts'
import { makePeerHome, type PeerHome, programInside } from './daemon.ts'
import { startTerminal, type Terminal } from './terminal.ts'

/** Where a client connects, and as whom. */
export interface TerminalClientOptions {
  /** Signs the server's certificate, if `tls`. */
  ca: Ca
  port: number
  /** With TLS; verified. */
  tls?: boolean
  nick: string
  /** Sent by PASS, as old clients do with a bouncer: `user/network@client:password`. Not for senpai. */
  pass?: string
  /** SASL PLAIN. */
  sasl?: { account: string; password: string }
  columns?: number
  rows?: number
}

/** irssi: asks for few capabilities, no chathistory. Its pause of 2.2 s between lines is taken off. */
export async function startIrssi(options: TerminalClientOptions): Promise<Terminal> {
  const { ca, port, tls = false, nick, pass = '', sasl } = options
  const home = makePeerHome('irssi')
  const cafile = home.write('ca.pem', ca.pem)
  const chatnet = sasl
    ? `sasl_mechanism = "PLAIN"; sasl_username = "${sasl.account}"; sasl_password = "${sasl.password}";`
    : ''
  const secure = tls
    ? `use_tls = "yes"; tls_verify = "yes"; tls_cafile = "${cafile}";`
    : 'use_tls = "no";'
  const config = home.write(
    'irssi/config',
    `servers = ({ address = "127.0.0.1"; chatnet = "net"; port = "${port}"; password = "${pass}"; ${secure} autoconnect = "yes"; });
chatnets = { net = { type = "IRC"; ${chatnet} }; };
settings = { core = { nick = "${nick}"; user_name = "${nick}"; real_name = "${nick}"; }; "irc/core" = { cmd_queue_speed = "10msec"; cmds_max_at_once = "100"; }; };
`,
  )
  return start(home, 'irssi', [`--home=${home.inside}/irssi`, `--config=${config}`], options)
}

/** irssi as it is after its installation: it knows no server. */
export async function startFreshIrssi(
  size: Pick<TerminalClientOptions, 'columns' | 'rows'> = {},
): Promise<Terminal> {
  const home = makePeerHome('irssi')
  return start(home, 'irssi', [`--home=${home.mkdir('irssi')}`], size)
}

/** WeeChat; 4.6 when no version is given. All buffers of a network share one line of keys: `/buffer #den`. */
export async function startWeechat(
  options: TerminalClientOptions & { version?: 3 | 4 },
): Promise<Terminal> {
  const { ca, port, tls = false, nick, pass, sasl, version = 4 } = options
  const peer = version === 3 ? 'weechat3' : 'weechat'
  const home = makePeerHome(peer, ca)
  const option = (name: string, value: string) => `/set irc.server.net.${name} ${value}`
  const commands = [
    `/set weechat.network.gnutls_ca_user ${home.write('ca.pem', ca.pem)}`,
    '/set weechat.look.mouse off',
    `/server add net 127.0.0.1/${port}`,
    option(version === 3 ? 'ssl' : 'tls', tls ? 'on' : 'off'),
    option('nicks', nick),
    option('username', nick),
    ...(pass === undefined ? [] : [option('password', pass)]),
    ...(sasl
      ? [option('sasl_username', sasl.account), option('sasl_password', sasl.password)]
      : []),
    '/connect net',
  ]
  const args = ['-d', home.mkdir('weechat'), ...commands.flatMap((command) => ['-r', command])]
  return start(home, peer, args, options)
}

/** senpai: chathistory, read markers, soju.im/bouncer-networks. */
export async function startSenpai(
  options: TerminalClientOptions & { channels?: readonly string[] },
): Promise<Terminal> {
  const { ca, port, tls = false, nick, sasl, channels = [] } = options
  const home = makePeerHome('senpai', ca)
  const config = home.write(
    'senpai.scfg',
    [
      `address ${tls ? 'ircs' : 'irc+insecure'}://127.0.0.1:${port}`,
      `nickname ${nick}`,
      ...(sasl ? [`username "${sasl.account}"`, `password "${sasl.password}"`] : []),
      ...channels.map((channel) => `channel "${channel}"`),
      '',
    ].join('\n'),
  )
  return start(home, 'senpai', ['-config', config], options)
}

function start(
  home: PeerHome,
  peer: 'irssi' | 'weechat3' | 'weechat' | 'senpai',
  args: readonly string[],
  { columns, rows }: Pick<TerminalClientOptions, 'columns' | 'rows'>,
): Promise<Terminal> {
  const size = { ...(columns !== undefined && { columns }), ...(rows !== undefined && { rows }) }
  return startTerminal({ home, program: programInside(peer), args, ...size })
}
