// What becomes of something that a person asked for: done, or a sentence that says why not.
export type Outcome<T = undefined> = { ok: true; value: T } | { ok: false; reason: string }

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value })
export const refused = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })
