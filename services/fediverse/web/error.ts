// Pages for what went wrong, in words that say what can be done.
import { html } from '@fuchsbau/shared/html.ts'
import { renderPage } from './layout.ts'
import type { Site } from './site.ts'

const texts: Record<number, [title: string, text: string]> = {
  400: ['That request makes no sense', 'Go back and try again.'],
  403: [
    'You may not do that',
    'Go back, reload the page and try again; perhaps you have to sign in first.',
  ],
  404: [
    'There is nothing here',
    'The address may be mistyped, or the post is not for everyone to read.',
  ],
  405: ['Not in that way', 'This address answers to other requests.'],
  410: ['This post is gone', 'Its author deleted it.'],
  413: ['Too large', 'Go back and choose smaller or fewer files.'],
  422: ['That did not work', 'Go back and look over what you entered.'],
  429: ['Too many attempts', 'Wait a little, then try again.'],
  500: [
    'Something broke in the burrow',
    'It is not your fault, and it has been logged. Try again later.',
  ],
  503: ['Not now', 'The server cannot take this at the moment. Try again in a minute.'],
}

/** The page for a status. `detail` says more, in a sentence for the reader; it replaces the general advice. */
export function renderError(
  site: Site,
  status: number,
  detail?: string,
  requestId?: string,
): string {
  const [title, text] = texts[status] ?? texts[status < 500 ? 400 : 500] ?? ['Error', '']
  const body = html`<section class="narrow">
<p class="status">${status}</p>
<h1>${title}</h1>
<p>${detail ?? text}</p>
${requestId && status >= 500 ? html`<p class="small">Request ${requestId}</p>` : ''}
<p><a href="${site.path('')}">To the first page</a></p>
</section>`
  return renderPage({ site, title, body, head: html`<meta name="robots" content="noindex">\n` })
}
