// Pages for what went wrong, in words that say what can be done.
import { type Html, html } from '../html.ts'
import type { PageSite } from './site.ts'

/** By status: the title, and what can be done. */
export type ErrorTexts = Readonly<Record<number, readonly [title: string, text: string]>>

/** What every service says, unless it says it otherwise. */
const common: ErrorTexts = {
  400: ['That request makes no sense', 'Go back and try again.'],
  403: ['You may not do that', 'Go back, reload the page and try again.'],
  404: ['There is nothing here', 'The address may be mistyped, or it is not yours to see.'],
  405: ['Not in that way', 'This address answers to other requests.'],
  413: ['Too large', 'Go back and send less.'],
  422: ['That did not work', 'Go back and look over what you entered.'],
  429: ['Too many attempts', 'Wait a little, then try again.'],
  500: [
    'Something broke in the burrow',
    'It is not your fault, and it has been logged. Try again later.',
  ],
}

export type WentWrong = {
  site: PageSite
  status: number
  /** Says more, in a sentence for the reader; it replaces the general advice. */
  detail?: string | undefined
  /** Shown where the log says more: from 500 on. */
  requestId?: string | undefined
  /** What this service says otherwise, or for further statuses. */
  texts: ErrorTexts
  /** Label of the link to the first page. */
  home: string
}

/** Title and body. A status without words of its own has those of 400, or of 500. */
export function errorPage(wrong: WentWrong): { title: string; body: Html } {
  const { site, status, detail, requestId, texts, home } = wrong
  const words = { ...common, ...texts }
  const [title, text] = words[status] ?? words[status < 500 ? 400 : 500] ?? ['Error', '']
  const body = html`<section class="narrow">
<p class="status">${status}</p>
<h1>${title}</h1>
<p>${detail ?? text}</p>
${requestId && status >= 500 ? html`<p class="small">Request ${requestId}</p>` : ''}
<p><a href="${site.path('')}">${home}</a></p>
</section>`
  return { title, body }
}
