// What SLSA provenance says: where an image was built, by what, and from what. Versions 0.2 and 1.
// https://slsa.dev/spec/v1.1/provenance https://slsa.dev/spec/v0.2/provenance
import { type Fields, fieldsOf, listOf, textOf } from './document.ts'

export interface Provenance {
  builder: string
  buildType: string
  /** Where the source is from, and which file of it says how to build. */
  source: readonly string[]
  invocation: string
  startedAt: string
  finishedAt: string
  /** What went into it, the first of them. */
  materials: readonly { uri: string; digest: string }[]
  /** Of all there are. */
  materialCount: number
}

const MOST_MATERIALS = 50
const MOST_SOURCES = 10

/** Undefined when the predicate is not as its type says. */
export function readProvenance(predicate: unknown): Provenance | undefined {
  const fields = fieldsOf(predicate)
  const definition = fieldsOf(fields?.['buildDefinition'])
  if (!fields) return
  if (definition) return readVersion1(definition, fieldsOf(fields['runDetails']) ?? {})
  return fieldsOf(fields['builder']) ? readVersion02(fields) : undefined
}

function readVersion1(definition: Fields, run: Fields): Provenance {
  const metadata = fieldsOf(run['metadata']) ?? {}
  const materials = listOf(definition['resolvedDependencies'])
  return {
    builder: textOf(fieldsOf(run['builder'])?.['id']),
    buildType: textOf(definition['buildType']),
    source: sourcesOf(definition['externalParameters']),
    invocation: textOf(metadata['invocationId']),
    startedAt: textOf(metadata['startedOn']),
    finishedAt: textOf(metadata['finishedOn']),
    materials: materialsOf(materials),
    materialCount: materials.length,
  }
}

function readVersion02(fields: Fields): Provenance {
  const invocation = fieldsOf(fields['invocation']) ?? {}
  const metadata = fieldsOf(fields['metadata']) ?? {}
  const materials = listOf(fields['materials'])
  return {
    builder: textOf(fieldsOf(fields['builder'])?.['id']),
    buildType: textOf(fields['buildType']),
    source: sourcesOf(invocation['configSource']),
    invocation: textOf(metadata['buildInvocationId'] ?? metadata['buildInvocationID']),
    startedAt: textOf(metadata['buildStartedOn']),
    finishedAt: textOf(metadata['buildFinishedOn']),
    materials: materialsOf(materials),
    materialCount: materials.length,
  }
}

/** `repository: https://…`: the words in it, and in what it holds. */
function sourcesOf(value: unknown): string[] {
  return Object.entries(fieldsOf(value) ?? {})
    .flatMap(([key, each]): string[] => {
      if (typeof each === 'string') return each === '' ? [] : [`${key}: ${textOf(each)}`]
      const words = Object.entries(fieldsOf(each) ?? {})
      return words.flatMap(([name, word]) =>
        typeof word === 'string' && word !== '' ? [`${key} ${name}: ${textOf(word)}`] : [],
      )
    })
    .slice(0, MOST_SOURCES)
}

function materialsOf(values: readonly unknown[]): Provenance['materials'] {
  return values.slice(0, MOST_MATERIALS).flatMap((value) => {
    const one = fieldsOf(value)
    if (!one) return []
    const [algorithm, hex] = Object.entries(fieldsOf(one['digest']) ?? {})[0] ?? []
    const digest = algorithm === undefined ? '' : `${algorithm.slice(0, 40)}:${textOf(hex)}`
    return [{ uri: textOf(one['uri']) || textOf(one['name']), digest }]
  })
}
