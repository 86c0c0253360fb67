// What comes of a change that a person wants: done, or refused with a reason in her words. Every way to manage the
// bouncer goes through this folder: BouncerServ, *status, the BOUNCER command, the command line and the web pages.

/** Refused: `field` is what she should change, where it is one field. Reasons are sentences for her. */
export interface Refusal {
  ok: false
  reason: string
  field?: string
}

/** Done, with what came of it; or refused, and then nothing was changed. */
export type Outcome<T extends object = object> = ({ ok: true } & T) | Refusal

export function refuse(reason: string, field?: string): Refusal {
  return { ok: false, reason, ...(field !== undefined && { field }) }
}
