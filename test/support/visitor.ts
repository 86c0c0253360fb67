// A person with a browser, signed in to our server: keeps the cookie, sends forms with their token.
import type { Fuchsbau } from './fuchsbau.ts'

export interface Visitor {
  /** A page by its path or URL. */
  get(path: string): Promise<Page>
  /** Sends a form of the signed-in person, with files if there are any. */
  send(path: string, fields: Record<string, string | File>): Promise<Page>
}

export interface Page {
  status: number
  type: string
  policy: string
  html: string
}

/** Signs in as the owner. */
export async function signIn(server: Fuchsbau, user = 'you'): Promise<Visitor> {
  let cookie = ''
  const ask = async (path: string, init: RequestInit = {}): Promise<Page> => {
    const headers = { cookie, origin: server.url, ...init.headers }
    const url = new URL(path, `${server.url}/`)
    const response = await fetch(url, { redirect: 'manual', ...init, headers })
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
    const { headers: received, status } = response
    const type = received.get('content-type') ?? ''
    const policy = received.get('content-security-policy') ?? ''
    return { status, type, policy, html: await response.text() }
  }
  const get = (path: string) => ask(path)
  const fields = { user, password: server.password }
  await ask('/login', { method: 'POST', body: new URLSearchParams(fields) })
  const { html } = await get(`/${user}/admin`)
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(html) ?? []
  if (csrf === '') throw new Error(`cannot sign in: ${html}`)
  return {
    get,
    send(path, fields) {
      const body = new FormData()
      for (const [name, value] of Object.entries({ csrf, ...fields })) body.append(name, value)
      return ask(path, { method: 'POST', body })
    },
  }
}
