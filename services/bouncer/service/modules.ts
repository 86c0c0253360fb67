// ZNC's modules, which people talk to from habit (`/msg *sasl set …`): none of them is here, and what is said to them are often
// passwords. So it is answered, never sent to a network, and the answer says where the same is done now.

/** Whether ZNC's users mean a module by it: nobody on a network can be called so, and `*#den` is a channel's. */
export const isModule = (target: string) => /^\*[a-z]/i.test(target)

/** What does the same here, by the module's name. */
const INSTEAD: Readonly<Record<string, string>> = {
  ...same(
    '“sasl set-plain ACCOUNT PASSWORD” or “sasl set-external”, said to BouncerServ, logs in to a network.',
    'sasl',
  ),
  ...same(
    '“network update -nickserv PASSWORD”, said to BouncerServ, identifies to NickServ; better is “sasl set-plain”.',
    'nickserv',
  ),
  ...same(
    '“network update -connect-command LINE”, said to BouncerServ, sets what is sent after connecting.',
    'perform',
  ),
  ...same('“certfp generate”, said to BouncerServ, makes a client certificate.', 'cert'),
  ...same(
    '“certificate add FINGERPRINT”, said to BouncerServ, lets a client log in by its certificate.',
    'certauth',
  ),
  ...same(
    '“user …” and “network …”, said to BouncerServ, and the web pages change users and networks.',
    ...['controlpanel', 'admin', 'webadmin'],
  ),
  ...same(
    'Everything is kept: “history search WORDS”, said to BouncerServ, finds it, the web pages show it.',
    ...['log', 'savebuff', 'backlog', 'watch', 'buffextras', 'listsockets'],
  ),
  ...same(
    'That is built in: each client gets what it missed, if it has a name of its own (USER/NETWORK@CLIENT).',
    ...['clientbuffer', 'clearbufferonmsg'],
  ),
  ...same(
    '“network update -auto-away true|false”, said to BouncerServ: away while no client is connected.',
    ...['simple_away', 'away', 'awaystore', 'awaynick'],
  ),
  ...same(
    '“network update -alternate-nick NICK”, said to BouncerServ; the nick is always taken back.',
    ...['keepnick', 'altnick'],
  ),
  ...same('“client list”, said to BouncerServ, shows your clients.', 'clientnotify', 'lastseen'),
  ...same('“network quote LINE”, said to BouncerServ, sends a raw line.', 'send_raw', 'sendraw'),
  ...same('Channels are always remembered.', 'chansaver', 'stickychan'),
  ...same('Answers always go to the client that asked.', 'route_replies'),
  ...same('“channel update #CHANNEL -reattach-on …”, said to BouncerServ.', 'autoattach'),
}

/** Answers what is said to a module. */
export function aboutModule(target: string): string {
  const name = target.slice(1).toLowerCase()
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined
  return `There is no module ${target.slice(0, 50)} here, and nothing was sent. ${instead ?? 'What there is: /msg BouncerServ help'}`
}

function same(text: string, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, text]))
}
