// What the routes of pages have in common: simple forms are read, style and logo are there, errors become pages.
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RouteGenericInterface,
} from 'fastify'
import { StoreUnavailable } from '../database/unavailable.ts'
import { HttpError } from '../http.ts'
import { acceptFields } from './form.ts'
import { serveAssets } from './send.ts'

/** Answers with the page for a status; `detail` says more, in a sentence for the reader. */
type ShowError = (
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  detail?: string,
) => FastifyReply

type RouteHandler<G extends RouteGenericInterface> = (
  request: FastifyRequest<G>,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>

type AddRoute<G extends RouteGenericInterface> = (path: string, handle: RouteHandler<G>) => void

export type PageRoutesOptions = {
  style: string
  showError: ShowError
  /** For errors of the service's own that say nothing to readers; nothing is logged of them. */
  statusOf?: (error: unknown) => number | undefined
}

/** Prepares a scope for pages; returns how to add them. What a handler throws, or rejects with, becomes a page too. */
export function preparePages<G extends RouteGenericInterface = RouteGenericInterface>(
  scope: FastifyInstance,
  { style, showError, statusOf }: PageRoutesOptions,
): { get: AddRoute<G>; post: AddRoute<G> } {
  acceptFields(scope)
  serveAssets(scope, style)
  showErrors(scope, showError, statusOf)
  const guarded =
    (handle: RouteHandler<G>) => async (request: FastifyRequest, reply: FastifyReply) =>
      await handle(request as FastifyRequest<G>, reply)
  return {
    get: (path, handle) => void scope.get(path, guarded(handle)),
    post: (path, handle) => void scope.post(path, guarded(handle)),
  }
}

/** Errors as pages. Only messages meant for readers are shown; what went wrong on our side is logged. */
export function showErrors(
  scope: FastifyInstance,
  showError: ShowError,
  statusOf?: PageRoutesOptions['statusOf'],
): void {
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof StoreUnavailable) return showError(request, reply, 503)
    const own = statusOf?.(error)
    if (own !== undefined) return showError(request, reply, own)
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error, request: request.id }, 'page failed')
    return showError(request, reply, status, error instanceof HttpError ? error.message : undefined)
  })
}
