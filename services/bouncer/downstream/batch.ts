// A batch of lines to a client. https://ircv3.net/specs/extensions/batch
import type { Downstream } from './downstream.ts'
import type { Line } from './line.ts'

/** Sends lines of the history as a batch, an empty one too; to a client without batches, the lines alone. */
export function sendBatch(
  downstream: Downstream,
  type: string,
  params: readonly string[],
  lines: readonly Line[],
): void {
  const reference = downstream.caps.has('batch') ? downstream.labels.nextReference() : undefined
  if (reference) downstream.reply('BATCH', `+${reference}`, type, ...params)
  for (const line of lines) downstream.playback(line, reference)
  if (reference) downstream.reply('BATCH', `-${reference}`)
}
