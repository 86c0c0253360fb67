// Errors as the registry protocol has them: a code of the specification, a sentence for the person, and a status.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes

/** The codes of the specification, with the status that each is answered with unless told otherwise. */
export const CODES = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 415,
  TOOMANYREQUESTS: 429,
  // Not in the specification; clients know them from docker's registry.
  UNKNOWN: 500,
  UNAVAILABLE: 503,
} as const

export type OciCode = keyof typeof CODES

/** What a client of the registry is told. The message is for its person: it says what to do, and holds no secret. */
export class OciError extends Error {
  override name = 'OciError'
  readonly code: OciCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly detail: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: OciCode,
    message: string,
    { status = CODES[code], headers = {}, detail }: OciErrorOptions = {},
  ) {
    super(message)
    this.code = code
    this.status = status
    this.headers = headers
    this.detail = detail
  }

  /** The body of the answer. */
  get body(): string {
    return JSON.stringify({
      errors: [{ code: this.code, message: this.message, detail: this.detail }],
    })
  }
}

export interface OciErrorOptions {
  /** Where it is not the usual one of the code. */
  status?: number
  headers?: Readonly<Record<string, string>>
  /** The same for programs; left out when there is nothing to add. */
  detail?: Readonly<Record<string, unknown>> | undefined
}
