// The digests of the images that an overlay has not yet: each image runs by its digest.
import { join } from 'node:path'
import type { Output } from '@fuchsbau/shared/command-line.ts'
import { lookUpDigest } from './digest.ts'
import { images } from './images.ts'
import { SETTINGS_FILE } from './overlay.ts'
import { effective, type Values } from './settings.ts'

export type Missing = {
  name: string
  reference: string
  reason: string | undefined
  isOurs: boolean
}

/** Every image with a digest that is not known: its setting, and what to ask for. */
export function undigested(values: Values): Missing[] {
  const found = images
    .filter(({ digest }) => values[digest] === undefined)
    .map(({ name, version, digest, isOurs = false }) => ({
      name: digest,
      reference: `${name.replace('$DOMAIN', values['DOMAIN'] ?? '')}:${effective(values, version)}`,
      reason: undefined,
      isOurs,
    }))
  const registry = values['REGISTRY_IMAGE'] ?? ''
  if (registry.includes('@')) return found
  return [
    ...found,
    { name: 'REGISTRY_IMAGE', reference: registry, reason: undefined, isOurs: true },
  ]
}

/** Looks the digests up, all at once; returns those that could not be had. */
export async function lookUp(
  values: Record<string, string>,
  print: Output['print'],
): Promise<Missing[]> {
  const wanted = undigested(values)
  if (wanted.length > 0) print('\nLooking up the digests of images:')
  const answers = wanted.map(async (each) => ({ each, answer: await lookUpDigest(each.reference) }))
  const missing: Missing[] = []
  for (const pending of answers) {
    const { each, answer } = await pending
    const { name, reference } = each
    if (!answer.ok) {
      print(`  ${reference}  failed: ${answer.reason}`)
      missing.push({ ...each, reason: answer.reason })
      continue
    }
    print(`  ${reference}  ${answer.digest}`)
    values[name] = name === 'REGISTRY_IMAGE' ? `${reference}@${answer.digest}` : answer.digest
    // Beside its digest: the next bundle may have another default.
    const version = images.find(({ digest }) => digest === name)?.version
    if (version !== undefined) values[version] = effective(values, version) ?? ''
  }
  return missing
}

/** What to tell of them; nothing when there are none. */
export function missingLines(missing: readonly Missing[], directory: string): string[] {
  if (missing.length === 0) return []
  const words = missing.some(({ isOurs }) => isOurs)
    ? ['Images of ours are there when CI has pushed them.']
    : []
  return [
    '',
    `Without a digest, until you run this again or write it into ${join(directory, SETTINGS_FILE)}:`,
    ...missing.map(({ name, reference }) => `  ${name.padEnd(20)} ${reference}`),
    ...words,
    'Flux waits with the apps that need them, and goes on with the others.',
  ]
}
