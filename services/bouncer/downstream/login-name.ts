// What a client gives as its name: the person, the network it wants, and what it calls itself.

export interface Login {
  user: string
  network: string | undefined
  client: string | undefined
}

const MAX_CLIENT = 64

/** `user`, `user/network`, `user@client`, `user/network@client`, and ZNC's `user@client/network`. */
export function parseLogin(text: string): Login {
  const [user = '', ...parts] = text.split(/(?=[/@])/)
  const after = (sign: string) => parts.find((part) => part.startsWith(sign))?.slice(1) || undefined
  return { user, network: after('/'), client: after('@')?.slice(0, MAX_CLIENT) }
}

/** Who proves that she is `name`, and wants to be `as` (RFC 4422, 3.4.1); undefined when that is somebody else. */
export function parseLoginAs(name: string, as: string): Login | undefined {
  const own = parseLogin(name)
  if (as === '') return own
  const { user, network, client } = parseLogin(as)
  if (user.toLowerCase() !== own.user.toLowerCase()) return
  return { user: own.user, network: network ?? own.network, client: client ?? own.client }
}
