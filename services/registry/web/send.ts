// How pages are sent, and the pages for what went wrong, in words that say what can be done.
import { html } from '@fuchsbau/shared/html.ts'
import { seeOther, sendPrivatePage } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Page, renderPage } from './layout.ts'
import { type MessageCode, messageOf } from './message.ts'
import type { Visit, Web } from './visit.ts'

export type Exchange = { web: Web; request: FastifyRequest; reply: FastifyReply }

/** A page of a person, with the message that its address names. */
export function sendOwn(visit: Visit, page: Page, status = 200): FastifyReply {
  const message = status === 200 ? messageOf(visit.request.query) : undefined
  return send(visit.web, visit.reply, renderPage(visit.web, { message, ...page }, visit), status)
}

/** A page for somebody who is not logged in. */
export function sendPublic({ web, reply }: Exchange, page: Page, status = 200): FastifyReply {
  return send(web, reply, renderPage(web, page, undefined), status)
}

export function sendError(
  { web, request, reply }: Exchange,
  status: number,
  detail?: string,
): FastifyReply {
  const [title, text] = texts[status] ?? texts[status < 500 ? 400 : 500] ?? ['Error', '']
  const body = html`<section class="narrow">
<p class="status">${status}</p>
<h1>${title}</h1>
<p>${detail ?? text}</p>
${status >= 500 ? html`<p class="small">Request ${request.id}</p>` : ''}
<p><a href="${web.site.path('')}">To the repositories</a></p>
</section>`
  return send(web, reply, renderPage(web, { title, body }, undefined), status)
}

/** After a form that was taken: to a page, which shows the message. */
export function done({ web, reply }: Exchange, path: string, code: MessageCode): FastifyReply {
  return seeOther(reply, `${web.site.path(path)}${path.includes('?') ? '&' : '?'}m=${code}`)
}

/** The provider's addresses are reached from forms: for the login, and for the logout there. */
function send({ party }: Web, reply: FastifyReply, page: string, status: number): FastifyReply {
  return sendPrivatePage(reply, page, {
    status,
    ...(party && { forms: party.origins().join(' ') }),
  })
}

const texts: Record<number, [title: string, text: string]> = {
  400: ['That request makes no sense', 'Go back and try again.'],
  403: ['You may not do that', 'Go back, reload the page and try again.'],
  404: ['There is nothing here', 'The address may be mistyped, or it is not yours to see.'],
  422: ['That did not work', 'Go back and look over what you entered.'],
  429: ['Too many attempts', 'Wait a little, then try again.'],
  500: ['Something broke in the burrow', 'It has been logged. Try again later.'],
  502: ['Not now', 'The registry that keeps the images does not answer. Try again in a minute.'],
  503: ['Not now', 'Nothing can be stored at the moment. Whoever runs the registry can see why.'],
}
