// Runs a verb by name and turns what goes wrong into words.

import { VerbError } from '../context.ts'
import { StoreUnavailable } from '../store/journal.ts'
import type { OperationParts } from './operation.ts'
import { OPERATIONS } from './operations.ts'

/** What the person sees, and whether it was done. */
export async function operate(
  parts: OperationParts,
  verb: string,
  args: string[],
): Promise<{ ok: boolean; lines: string[] }> {
  const operation = Object.hasOwn(OPERATIONS, verb) ? OPERATIONS[verb] : undefined
  if (!operation) return { ok: false, lines: [`there is no verb ${verb}`] }
  try {
    return { ok: true, lines: await operation.run(parts, args) }
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      return {
        ok: false,
        lines: [`Nothing was changed: ${error.message}. Free some space, then try again.`],
      }
    }
    const isExpected = error instanceof VerbError || isArgumentError(error)
    if (!isExpected) parts.context.log.error({ err: error, verb }, 'verb failed')
    const { message } = error as Error
    return { ok: false, lines: [isExpected ? message : `failed: ${message} (see the log)`] }
  }
}

const isArgumentError = (error: unknown) =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
