// Reads the forms with files: fields as URLSearchParams, files as streams, everything bounded.
import { finished } from 'node:stream/promises'
import multipart, { type Multipart } from '@fastify/multipart'
import { HttpError } from '@fuchsbau/shared/http.ts'
import { acceptFields, fieldsOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Upload, WebLimits } from './deps.ts'

/** Teaches a scope our two kinds of form. Their bodies are read by `fieldsOf` and `readParts`. */
export function acceptForms(app: FastifyInstance, limits: WebLimits): void {
  acceptFields(app)
  app.register(multipart, {
    throwFileSizeLimit: false,
    limits: {
      fileSize: limits.uploadBytes,
      files: Math.max(4, limits.attachments),
      fields: 100,
      fieldNameSize: 100,
      // A character takes at most four bytes.
      fieldSize: 4 * limits.textChars + 1_000,
      headerPairs: 20,
    },
  })
}

/**
 * Reads a form with files. `onFile` gets each chosen file with the fields before it; what it leaves unread is
 * thrown away. Without a multipart body there are the fields of the simple form.
 */
export async function readParts(
  request: FastifyRequest,
  onFile: (name: string, file: Upload, before: URLSearchParams) => Promise<void>,
): Promise<URLSearchParams> {
  if (!request.isMultipart()) return fieldsOf(request)
  const fields = new URLSearchParams()
  for await (const part of partsOf(request)) {
    if (part.type === 'field') {
      if (typeof part.value === 'string')
        fields.append(part.fieldname, part.value.replace(/\r\n?/g, '\n'))
      continue
    }
    const { file: stream, filename, mimetype: mediaType, fieldname } = part
    if (filename)
      await onFile(fieldname, { stream, mediaType, isTruncated: () => stream.truncated }, fields)
    if (!stream.readableEnded) await finished(stream.resume())
  }
  return fields
}

/** What is torn or malformed is the sender's fault: 400, where the parser gives no status. */
async function* partsOf(request: FastifyRequest): AsyncGenerator<Multipart> {
  try {
    yield* request.parts()
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== undefined) throw error
    throw new HttpError(400, 'The form did not arrive whole. Go back and send it again.')
  }
}
