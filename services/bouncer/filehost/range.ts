// One range of bytes, as players of video ask for. https://www.rfc-editor.org/rfc/rfc9110#section-14.2

/** First and last byte, both included. Undefined: the whole, also for what is not understood. */
export function parseRange(
  header: string | undefined,
  bytes: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (first !== '' && last !== '' && Number(last) < start) return
  return start > end ? 'unsatisfiable' : { start, end }
}
