// How the pages of people are sent: to who is logged in, to who is not, for what went wrong, and after a form.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RelyingParty } from '../login/oidc.ts'
import { type ErrorTexts, errorPage } from './error.ts'
import type { PageContent } from './layout.ts'
import { type Messages, messageOf, withMessage } from './message.ts'
import { seeOther, sendPrivatePage } from './send.ts'
import type { PageSite } from './site.ts'

/** What has to be known of a service's pages to send one. */
export type PageWeb = { site: PageSite; party: RelyingParty | undefined }

/** A request and what answers it. */
export type PageExchange<W extends PageWeb = PageWeb> = {
  web: W
  request: FastifyRequest
  reply: FastifyReply
}

export type PageSenderOptions<
  V extends PageExchange,
  Section extends string,
  Code extends string,
> = {
  /** The whole document; without a visit, for somebody who is not logged in. */
  render(web: V['web'], page: PageContent<Section>, visit: V | undefined): string
  messages: Messages<Code>
  /** What this service says otherwise when something went wrong. */
  texts: ErrorTexts
  /** Label of the link to the first page. */
  home: string
}

export type PageSender<V extends PageExchange, Section extends string, Code extends string> = {
  /** A page of a person, with the message that its address names. */
  sendOwn(visit: V, page: PageContent<Section>, status?: number): FastifyReply
  /** A page for somebody who is not logged in. */
  sendPublic(
    exchange: PageExchange<V['web']>,
    page: PageContent<Section>,
    status?: number,
  ): FastifyReply
  /** What went wrong, whoever asks; `detail` says more, in a sentence for the reader. */
  sendError(exchange: PageExchange<V['web']>, status: number, detail?: string): FastifyReply
  /** After a form that was taken: to a page, which shows the message. */
  done(exchange: PageExchange<V['web']>, path: string, code: Code): FastifyReply
}

/** `V`: a person at a page or with a form. */
export function makePageSender<V extends PageExchange, Section extends string, Code extends string>(
  options: PageSenderOptions<V, Section, Code>,
): PageSender<V, Section, Code> {
  const { render, messages, texts, home } = options
  return {
    sendOwn(visit, page, status = 200) {
      const message = status === 200 ? messageOf(messages, visit.request.query) : undefined
      return send(visit, render(visit.web, { message, ...page }, visit), status)
    },
    sendPublic: (exchange, page, status = 200) =>
      send(exchange, render(exchange.web, page, undefined), status),
    sendError(exchange, status, detail) {
      const { web, request } = exchange
      const page = errorPage({ site: web.site, status, detail, requestId: request.id, texts, home })
      return send(exchange, render(web, page, undefined), status)
    },
    done: ({ web, reply }, path, code) => seeOther(reply, withMessage(web.site.path(path), code)),
  }
}

/** The provider's addresses are reached from forms: for the login, and for the logout there. */
function send({ web: { party }, reply }: PageExchange, page: string, status: number): FastifyReply {
  return sendPrivatePage(reply, page, {
    status,
    ...(party && { forms: party.origins().join(' ') }),
  })
}
