// Opens attached documents of any size: small ones at once, larger ones in a thread, one at a time, with memory and time of its
// own; what it does not manage is said in a sentence. What it found is kept for the next page.
import { Worker } from 'node:worker_threads'
import { createSerial, QueueFullError } from '@fuchsbau/shared/serial.ts'
import { type Attachment, type AttachmentQuestion, openAttachment } from './attachment.ts'
import { Kept } from './kept.ts'

/** Code of `attachment-worker.ts` in the bundle, which is one file (bundle.ts). */
declare const ATTACHMENT_WORKER: string | undefined

/** Larger documents are not read. */
export const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
const SMALL_BYTES = 128 * 1024
const MAX_MS = 20_000
const MEMORY_MIB = 256
/** About 400 bytes each. */
const KEPT_COMPONENTS = 40_000
const MOST_WAITING = 20

export class DocumentOpener {
  readonly #turns = createSerial({ limit: MOST_WAITING })
  /** What was in large documents, and who signed them with which key. */
  readonly #kept = new Kept<Attachment>(KEPT_COMPONENTS, sizeOf, KEPT_COMPONENTS / 2 + 100)

  /** `key`: names the document, the image and where it lies. `read` gives its bytes, or undefined. */
  async open(
    key: string,
    read: () => Promise<AttachmentQuestion | undefined>,
  ): Promise<Attachment | undefined> {
    const kept = this.#kept.get(key)
    if (kept) return kept
    try {
      return await this.#turns.run('one', async () => {
        const again = this.#kept.get(key)
        if (again) return again
        const question = await read()
        if (!question) return
        if (question.bytes.length <= SMALL_BYTES) return openAttachment(question)
        const opened = (await inThread(question)) ?? unread
        if (opened !== unread) this.#kept.set(key, opened)
        return opened
      })
    } catch (error) {
      if (error instanceof QueueFullError) return busy
      throw error
    }
  }
}

function sizeOf({ content }: Attachment): number {
  return content.kind === 'sbom' ? content.sbom.components.length + 100 : 1_000
}

const failed = (why: string): Attachment => ({
  predicateType: '',
  key: undefined,
  isOfImage: true,
  content: { kind: 'unreadable', why },
})
const unread = failed('It is too large or too deeply nested to be read here.')
const busy = failed('Others are being read at the moment: try again in a minute.')

/** Undefined when the thread ran out of memory or time. */
async function inThread(workerData: AttachmentQuestion): Promise<Attachment | undefined> {
  const resourceLimits = { maxOldGenerationSizeMb: MEMORY_MIB, maxYoungGenerationSizeMb: 16 }
  const options = { workerData, execArgv: [], env: {}, resourceLimits }
  const worker =
    typeof ATTACHMENT_WORKER === 'string'
      ? new Worker(ATTACHMENT_WORKER, { ...options, eval: true })
      : new Worker(new URL('./attachment-worker.ts', import.meta.url), options)
  const timer = setTimeout(() => void worker.terminate(), MAX_MS)
  return await new Promise((resolve) => {
    worker.once('message', resolve)
    worker.once('error', () => resolve(undefined))
    worker.once('exit', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}
