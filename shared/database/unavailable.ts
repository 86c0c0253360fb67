// Apart from what throws it, so that who catches it need not load SQLite.

/** Nothing can be written (or read) now; the message says why, in words for an operator. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}
