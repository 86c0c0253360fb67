// Questions on a terminal, or to whoever pipes the answers in: one line each, asked again until it is right.
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface Question {
  name: string
  /** A sentence. */
  about: string
  /** What an empty answer means. */
  proposal: string | undefined
  /** Shown where there is no proposal. */
  example: string
  /** The value of an answer, or what is wrong with it, in a sentence. */
  read(answer: string): { ok: true; value: string } | { ok: false; problem: string }
}

export interface Asking extends Disposable {
  /** Undefined: who was asked has gone (Control-C, or the end of the input). */
  ask(question: Question): Promise<string | undefined>
}

/** Starts to read lines. */
export function startAsking({ input, output }: { input: Readable; output: Writable }): Asking {
  const isTerminal = 'isTTY' in input && input.isTTY === true
  const reader = createInterface({ input, output, terminal: isTerminal })
  const lines: string[] = []
  let waiting: ((line: string | undefined) => void) | undefined
  let isOver = false
  const hand = (line: string | undefined) => {
    const take = waiting
    waiting = undefined
    take?.(line)
  }
  reader.on('line', (line) => {
    if (waiting) hand(line)
    else lines.push(line)
  })
  reader.on('SIGINT', () => reader.close())
  reader.on('close', () => {
    isOver = true
    hand(undefined)
  })
  const next = async (prompt: string): Promise<string | undefined> => {
    reader.setPrompt(prompt)
    reader.prompt()
    const ready = lines.shift()
    if (ready !== undefined || isOver) return ready
    return await new Promise((resolve) => {
      waiting = resolve
    })
  }
  return {
    async ask({ name, about, proposal, example, read }) {
      const hint = proposal === undefined ? `, such as ${example}` : ''
      output.write(`\n${about}${hint === '' ? '' : ` (${hint.slice(2)})`}\n`)
      for (;;) {
        const line = await next(proposal === undefined ? `${name}: ` : `${name} [${proposal}]: `)
        if (line === undefined) return
        const answer = line.trim() === '' ? proposal : line.trim()
        if (answer === undefined) {
          output.write('This has no default.\n')
          continue
        }
        const result = read(answer)
        if (result.ok) return result.value
        output.write(`${result.problem}.\n`)
      }
    },
    [Symbol.dispose]: () => reader.close(),
  }
}
