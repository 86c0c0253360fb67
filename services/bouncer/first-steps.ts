// What the console says about connecting a client.

export interface FirstSteps {
  /** Of the TLS listener. */
  address: string
  /** The owner, when she was made just now. */
  owner: string | undefined
  /** SHA-256 of a certificate that was made here. */
  fingerprint: string | undefined
}

/** Lines to show; after the first start only what is still needed. */
export function howToConnect({ address, owner, fingerprint }: FirstSteps): string[] {
  const trust = fingerprint === undefined ? [] : [`IRC certificate (SHA-256): ${fingerprint}`]
  if (owner === undefined) return trust
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  return [
    `First IRC login: server ${reachable(host)}, port ${port}, TLS; user ${owner} with that password (SASL)`,
    `  without SASL, the server password is ${owner}:PASSWORD`,
    '  add a network there: /msg BouncerServ network add libera',
    `  then be ${owner}/libera instead of ${owner}: that is the network`,
    ...trust.map((line) => `  ${line}`),
  ]
}

/** A wildcard is no address to connect to. */
const reachable = (host: string) => (host === '0.0.0.0' || host === '::' ? 'this machine' : host)
