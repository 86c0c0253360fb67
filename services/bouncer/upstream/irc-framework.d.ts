// What we use of irc-framework, which has no types of its own.
declare module 'irc-framework' {
  interface Emitter {
    on(event: 'socket close', listener: (error: Error | false | undefined) => void): void
    on(event: 'socket connected', listener: () => void): void
  }

  class Client implements Emitter {
    constructor(options: Readonly<Record<string, unknown>>)
    on: Emitter['on']
    readonly connection: {
      write(line: string): boolean
      end(lastLine?: string): void
      readonly transport: { disposeSocket(): void } | null
    }
    connect(): void
  }

  const irc: { Client: typeof Client }
  export default irc
}
