// What we use of irc-framework, which has no types of its own.
declare module 'irc-framework' {
  interface Emitter {
    on(event: 'raw', listener: (event: { line: string; from_server: boolean }) => void): void
    on(event: 'socket close', listener: (error: Error | false | undefined) => void): void
    on(event: 'socket connected' | 'line too long', listener: () => void): void
  }

  interface Middleware {
    use(handler: (...args: unknown[]) => void): void
  }

  class Client implements Emitter {
    constructor(options: Readonly<Record<string, unknown>>)
    on: Emitter['on']
    readonly connection: Emitter & {
      write(line: string): boolean
      end(lastLine?: string): void
      readonly transport: { disposeSocket(): void } | null
    }
    use(setUp: (client: Client, raw: Middleware, parsed: Middleware) => void): this
    connect(): void
  }

  const irc: { Client: typeof Client }
  export default irc
}
