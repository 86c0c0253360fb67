// A browser without a screen, for pages of a real process: keeps its cookies, sends forms with Origin and their token, and
// follows nothing by itself.

export interface PageAnswer {
  status: number
  /** Where it leads to, whole; empty when it leads nowhere. */
  location: string
  body: string
}

export interface CookieBrowser {
  /** A path of the site, or an address on it. */
  get(path: string): Promise<PageAnswer>
  /** With the token of the last page that had one. */
  post(path: string, fields?: Record<string, string>): Promise<PageAnswer>
}

/** A browser at this site, without a cookie: several are several people. */
export function cookieBrowser(site: string): CookieBrowser {
  const jar = new Map<string, string>()
  let csrf = ''
  const ask = async (path: string, init: RequestInit = {}): Promise<PageAnswer> => {
    const url = new URL(path, site)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { cookie, origin: url.origin }
    const response = await fetch(url, { redirect: 'manual', headers, ...init })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/; Max-Age=0(;|$)/.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    const body = await response.text()
    csrf = /name="csrf" value="([\w-]+)"/.exec(body)?.[1] ?? csrf
    const location = response.headers.get('location')
    const { status } = response
    return { status, body, location: location === null ? '' : new URL(location, url).href }
  }
  return {
    get: (path) => ask(path),
    post: (path, fields = {}) =>
      ask(path, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) }),
  }
}
