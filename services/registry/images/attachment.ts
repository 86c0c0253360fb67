// One document that was attached to an image: a bundle, an envelope, a bare statement or an SBOM as it is. What it is, is
// seen from itself: media types are what its maker says. Pure, and bounded in what it answers: it also runs in a thread.
import type { Digest } from '../name.ts'
import { fieldsOf, parse, textOf } from './document.ts'
import { type Provenance, readProvenance } from './provenance.ts'
import { readSbom, type Sbom } from './sbom.ts'
import {
  checkMessage,
  openBundle,
  openEnvelope,
  readStatement,
  type Signer,
  type Statement,
  type TrustedKey,
} from './signature.ts'

export interface Attachment {
  /** Empty when it is no statement. */
  predicateType: string
  /** Who signed it; undefined: nobody. */
  key: Signer | undefined
  /** False when it states something of something else. */
  isOfImage: boolean
  content: Content
}

export type Content =
  /** A signature, and nothing else. */
  | { kind: 'signature' }
  | { kind: 'sbom'; sbom: Sbom }
  | { kind: 'provenance'; provenance: Provenance }
  /** Anything else: the beginning of it, written in lines. */
  | { kind: 'json'; text: string; isCut: boolean }
  | { kind: 'unreadable'; why: string }

export interface AttachmentQuestion {
  bytes: Uint8Array
  image: Digest
  /** The manifest of the image, for signatures of its bytes. */
  manifest: Buffer | undefined
  keys: readonly TrustedKey[]
}

/** cosign's statement that is nothing but a signature. */
export const SIGNED = 'https://sigstore.dev/cosign/sign/v1'
const MAX_SHOWN = 64 * 1024

/** What it is, and who signed it. Never throws for what it holds. */
export function openAttachment(question: AttachmentQuestion): Attachment {
  const { bytes, image, keys } = question
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const document = parse(text)
  const fields = fieldsOf(document)
  if (!fields) return unsigned({ kind: 'unreadable', why: whyNot(text) })
  const bundle = openBundle(fields)
  if (bundle?.kind === 'message') {
    const key = question.manifest && checkMessage(bundle, question.manifest, keys)
    const content = { kind: 'signature' } as const
    return { predicateType: SIGNED, key: key ?? null, isOfImage: key !== undefined, content }
  }
  const envelope = bundle?.envelope ?? ('payloadType' in fields ? fields : undefined)
  if (envelope) {
    const opened = openEnvelope(envelope, image, keys)
    if (opened) return stated(opened.statement, opened.key)
    return unsigned({
      kind: 'unreadable',
      why: 'There is no statement of in-toto in its envelope.',
    })
  }
  const statement = readStatement(fields, image)
  return statement ? stated(statement, undefined) : unsigned(contentOf(document))
}

function stated(statement: Statement, key: Signer | undefined): Attachment {
  const { predicateType, isOfImage } = statement
  return { predicateType, key, isOfImage, content: predicateOf(statement) }
}

function unsigned(content: Content): Attachment {
  return { predicateType: '', key: undefined, isOfImage: true, content }
}

function predicateOf({ predicateType, predicate }: Statement): Content {
  if (predicateType === SIGNED) return { kind: 'signature' }
  if (predicateType.startsWith('https://slsa.dev/provenance/')) {
    const provenance = readProvenance(predicate)
    if (provenance) return { kind: 'provenance', provenance }
  }
  // cosign wraps what it was given as text: https://github.com/sigstore/cosign/blob/main/specs/COSIGN_PREDICATE_SPEC.md
  const wrapped = typeof predicate === 'string' ? predicate : fieldsOf(predicate)?.['Data']
  return contentOf(typeof wrapped === 'string' ? (parse(wrapped) ?? wrapped) : predicate)
}

function contentOf(document: unknown): Content {
  const sbom = readSbom(document)
  if (sbom) return { kind: 'sbom', sbom }
  try {
    const text = typeof document === 'string' ? document : JSON.stringify(document, null, 2)
    if (text === undefined) return { kind: 'unreadable', why: 'It says nothing.' }
    return { kind: 'json', text: text.slice(0, MAX_SHOWN), isCut: text.length > MAX_SHOWN }
  } catch {
    return { kind: 'unreadable', why: 'It is nested too deeply to be shown.' }
  }
}

function whyNot(text: string): string {
  const start = textOf(text).trimStart()
  if (start.startsWith('<')) return 'It is XML, and only JSON is shown here.'
  if (start.startsWith('SPDXVersion:')) {
    return 'It is in the tag-value form of SPDX, and only JSON is shown here.'
  }
  return 'It is no JSON document.'
}
