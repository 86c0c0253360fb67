// Reads what another server answers, bounded.

export type ReadJsonOptions = {
  maxBytes: number
  /** The only status that is taken; any, when absent. */
  status?: number
}

/** The object of an answer. Rejects what is too long, no object, or of another status; what is wrong names no content. */
export async function readJson(
  response: Response,
  { maxBytes, status }: ReadJsonOptions,
): Promise<Record<string, unknown>> {
  const { url } = response
  let bytes = 0
  let text = ''
  const decoder = new TextDecoder()
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > maxBytes) throw new Error(`${url} answered too much`)
    text += decoder.decode(part, { stream: true })
  }
  if (status !== undefined && response.status !== status) {
    throw new Error(`${url} answered ${response.status}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`${url} answered no JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${url} answered no object`)
  }
  return { ...value }
}
