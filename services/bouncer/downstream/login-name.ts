// What a client gives as its name: the person, the network it wants, and what it calls itself.

export interface Login {
  user: string
  network: string | undefined
  client: string | undefined
}

/** `user`, `user/network`, `user@client`, `user/network@client`, and ZNC's `user@client/network`. */
export function parseLogin(text: string): Login {
  const [user = '', ...parts] = text.split(/(?=[/@])/)
  const after = (sign: string) => parts.find((part) => part.startsWith(sign))?.slice(1) || undefined
  return { user, network: after('/'), client: after('@')?.slice(0, 64) }
}
