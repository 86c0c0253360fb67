// `fuchsbau registry login` as a child process on a machine that has nothing: its own home, and no data of ours.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { launcher } from './service-process.ts'
import { waitFor } from './wait-for.ts'

export interface TerminalLogin {
  /** What it said so far. */
  output(): string
  /** The address with the code in it, when it has been said. */
  page(): Promise<string>
  end(signal: NodeJS.Signals): void
  /** The exit code. */
  ended(): Promise<number | null>
}

/** Starts a verb of the registry with these words, and nothing else in its environment. */
export function startTerminal(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): TerminalLogin {
  const child = spawn(process.execPath, [launcher, 'registry', ...words], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const exited = once(child, 'close')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void exited.then(() => process.off('exit', kill))
  return {
    output: () => output,
    page: () =>
      waitFor(() => /http\S+user_code=\S+/.exec(output)?.[0], {
        what: 'the address with the code',
        context: () => output,
      }),
    end: (signal) => void child.kill(signal),
    async ended() {
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}
