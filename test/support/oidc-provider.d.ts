// What we use of oidc-provider, which has no types of its own.
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }
  interface Context {
    oidc: { client: { clientId: string }; session: { accountId: string } }
  }
  export default class Provider {
    /** Whether what a proxy says of a request counts. */
    proxy: boolean
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly Grant: new (about: {
      clientId: string
      accountId: string
    }) => Grant
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: { login: { accountId: string }; consent: object },
    ): Promise<void>
    on(event: string, listener: (...values: unknown[]) => void): this
  }
  export type { Context }
}
