// A program in a terminal, driven by tests: a tmux of its own socket, keys in, the screen's text out.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type PeerHome, startDaemon } from './daemon.ts'
import { programOf } from './peers.ts'
import { makeTempData, removeTempData } from './temp-data.ts'
import { waitFor } from './wait-for.ts'

const run = promisify(execFile)

/** What to run, and how large its screen is. */
export interface TerminalOptions {
  home: PeerHome
  program: string
  args: readonly string[]
  /** 120 when absent. */
  columns?: number
  /** 40 when absent. */
  rows?: number
}

/** A running terminal. */
export interface Terminal extends AsyncDisposable {
  /** The text on the screen, a line each, without trailing blanks; with colours as escape sequences if asked for. */
  screen(options?: { hasColours?: boolean }): Promise<string>
  /** Types text as it is. */
  type(text: string): Promise<void>
  /** Presses keys by tmux's names: `Enter`, `PageUp`, `M-2`, `C-n`. */
  press(...keys: string[]): Promise<void>
  /** Types a line and presses Enter. */
  enter(text: string): Promise<void>
  /** Resolves with the screen once it has this text. */
  waitFor(text: string | RegExp, options?: { timeoutMs?: number }): Promise<string>
  /** Changes its size. */
  resize(columns: number, rows: number): Promise<void>
  /** Whether the program has ended. */
  hasEnded(): Promise<boolean>
  /** Ends the program as closing its window does. */
  close(): Promise<void>
}

/** Starts a program in a terminal. What it shows after its end stays on the screen. */
export async function startTerminal(options: TerminalOptions): Promise<Terminal> {
  const { home, program, args, columns = 120, rows = 40 } = options
  const directory = makeTempData('terminal')
  const base = ['-S', join(directory, 'socket'), '-f', '/dev/null']
  const tmux = async (...words: string[]) =>
    (await run(programOf('tmux'), [...base, ...words], { env: home.env })).stdout
  // In the foreground, so that it ends with this process; root, because it starts the program as another user.
  const server = await startDaemon({
    name: 'tmux',
    home: {
      ...home,
      directory,
      command: (file, ...words) => ['setpriv', ['--pdeathsig', 'KILL', '--', file, ...words]],
      remove() {
        removeTempData(directory)
        home.remove()
      },
    },
    program: programOf('tmux'),
    args: [...base, '-D'],
    // -N: it must not start another server while this one is about to listen.
    isReady: async () => (await tmux('-N', 'show-options', '-g')) !== '',
  })
  const screen: Terminal['screen'] = ({ hasColours = false } = {}) =>
    tmux('capture-pane', '-p', '-t', 'main', ...(hasColours ? ['-e'] : []))
  const close = async () => {
    await tmux('kill-session', '-t', 'main').catch(() => undefined)
    await server.stop()
    await server.close()
  }
  const type = async (text: string) => {
    await tmux('send-keys', '-t', 'main', '-l', '--', text)
  }
  const press = async (...keys: string[]) => {
    await tmux('send-keys', '-t', 'main', '--', ...keys)
  }
  try {
    await tmux('set-option', '-g', 'remain-on-exit', 'on')
    await tmux('set-option', '-g', 'default-terminal', 'screen-256color')
    const [file, words] = home.command(program, ...args)
    const size = ['-x', String(columns), '-y', String(rows)]
    await tmux('new-session', '-d', '-s', 'main', ...size, '--', file, ...words)
  } catch (error) {
    await close()
    throw error
  }
  return {
    screen,
    type,
    press,
    async enter(text) {
      await type(text)
      await press('Enter')
    },
    async waitFor(text, { timeoutMs = 15_000 } = {}) {
      let shown = ''
      const has = (all: string) => (typeof text === 'string' ? all.includes(text) : text.test(all))
      return waitFor(
        async () => {
          shown = await screen()
          return has(shown) ? shown : undefined
        },
        { what: `${text} on the screen`, timeoutMs, everyMs: 50, context: () => shown },
      )
    },
    async resize(width, height) {
      await tmux('resize-window', '-t', 'main', '-x', String(width), '-y', String(height))
    },
    hasEnded: async () =>
      (await tmux('display', '-p', '-t', 'main', '#{pane_dead}')).trim() === '1',
    close,
    [Symbol.asyncDispose]: close,
  }
}
