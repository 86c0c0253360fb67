// What a software bill of materials says, of those that are JSON: CycloneDX and SPDX. Anybody may have written it: what is
// not as the formats say is left out, and everything is bounded.
import { dateOf, type Fields, fieldsOf, listOf, textOf } from './document.ts'

export interface Component {
  name: string
  version: string
  licence: string
  purl: string
}

export interface Sbom {
  /** `CycloneDX 1.6`. */
  format: string
  /** What it is of, as it says itself. */
  name: string
  created: string | undefined
  /** What made it, and who. */
  tools: readonly string[]
  /** Serial number or namespace. */
  id: string
  components: readonly Component[]
  /** Whether there are more than are kept. */
  isCut: boolean
}

/** More are not shown. */
export const MAX_COMPONENTS = 20_000
/** CycloneDX nests components. */
const MAX_DEPTH = 16
const MAX_FIELD = 512
const MOST_TOOLS = 20

/** Undefined when it is none of the two formats. */
export function readSbom(document: unknown): Sbom | undefined {
  const fields = fieldsOf(document)
  if (!fields) return
  if (fields['bomFormat'] === 'CycloneDX') return readCycloneDx(fields)
  if (typeof fields['spdxVersion'] === 'string') return readSpdx(fields)
  return Array.isArray(fields['@graph']) && String(fields['@context']).includes('spdx')
    ? readSpdx3(fields['@graph'])
    : undefined
}

/** https://cyclonedx.org/docs/1.6/json/ */
function readCycloneDx(fields: Fields): Sbom {
  const metadata = fieldsOf(fields['metadata']) ?? {}
  const components: Component[] = []
  const isCut = !collect(fields['components'], components, 0)
  return {
    format: `CycloneDX ${field(fields['specVersion'])}`.trim(),
    name: nameAndVersion(fieldsOf(metadata['component'])),
    created: dateOf(metadata['timestamp']),
    tools: toolsOf(metadata['tools']),
    id: field(fields['serialNumber']),
    components,
    isCut,
  }
}

/** False when there was no room for all. */
function collect(values: unknown, into: Component[], depth: number): boolean {
  for (const value of listOf(values)) {
    const one = fieldsOf(value)
    if (!one) continue
    if (into.length === MAX_COMPONENTS) return false
    const group = field(one['group'])
    into.push({
      name: group === '' ? field(one['name']) : `${group}/${field(one['name'])}`,
      version: field(one['version']),
      licence: licencesOf(one['licenses']),
      purl: field(one['purl']),
    })
    if (!Array.isArray(one['components'])) continue
    if (depth === MAX_DEPTH || !collect(one['components'], into, depth + 1)) return false
  }
  return true
}

function licencesOf(values: unknown): string {
  const names = listOf(values)
    .slice(0, MOST_TOOLS)
    .map((value) => {
      const one = fieldsOf(value)
      const licence = fieldsOf(one?.['license'])
      return field(one?.['expression']) || field(licence?.['id']) || field(licence?.['name'])
    })
  return names.filter(Boolean).join(', ').slice(0, MAX_FIELD)
}

/** A list, or since 1.5 an object with lists. */
function toolsOf(value: unknown): string[] {
  const of = fieldsOf(value)
  const all = of ? [...listOf(of['components']), ...listOf(of['services'])] : listOf(value)
  return all
    .slice(0, MOST_TOOLS)
    .map((tool) => nameAndVersion(fieldsOf(tool)))
    .filter(Boolean)
}

function nameAndVersion(fields: Fields | undefined): string {
  return `${field(fields?.['name'])} ${field(fields?.['version'])}`.trim()
}

/** https://spdx.github.io/spdx-spec/v2.3/ */
function readSpdx(fields: Fields): Sbom {
  const creation = fieldsOf(fields['creationInfo']) ?? {}
  const packages = listOf(fields['packages'])
  return {
    format: field(fields['spdxVersion']).replace('-', ' '),
    name: field(fields['name']),
    created: dateOf(creation['created']),
    tools: listOf(creation['creators'])
      .slice(0, MOST_TOOLS)
      .map((creator) => field(creator).replace(/^Tool: /, ''))
      .filter(Boolean),
    id: field(fields['documentNamespace']),
    components: packages.slice(0, MAX_COMPONENTS).flatMap((value) => {
      const one = fieldsOf(value)
      if (!one) return []
      const licence = asserted(one['licenseConcluded']) || asserted(one['licenseDeclared'])
      const version = field(one['versionInfo'])
      return { name: field(one['name']), version, licence, purl: purlOf(one['externalRefs']) }
    }),
    isCut: packages.length > MAX_COMPONENTS,
  }
}

function asserted(value: unknown): string {
  const text = field(value)
  return text === 'NOASSERTION' || text === 'NONE' ? '' : text
}

function purlOf(references: unknown): string {
  const found = listOf(references)
    .slice(0, 100)
    .map(fieldsOf)
    .find((one) => one?.['referenceType'] === 'purl')
  return field(found?.['referenceLocator'])
}

/** https://spdx.github.io/spdx-spec/v3.0.1/ — licences are relationships there, and not shown. */
function readSpdx3(graph: readonly unknown[]): Sbom {
  const elements = graph.flatMap((value): Fields[] => {
    const one = fieldsOf(value)
    return one ? [one] : []
  })
  const ofType = (type: string) => elements.filter((one) => one['type'] === type)
  const [creation] = ofType('CreationInfo')
  const [document] = ofType('SpdxDocument')
  const packages = ofType('software_Package')
  return {
    format: `SPDX ${field(creation?.['specVersion'])}`.trim(),
    name: field(document?.['name']),
    created: dateOf(creation?.['created']),
    tools: ofType('Tool')
      .slice(0, MOST_TOOLS)
      .map((tool) => field(tool['name']))
      .filter(Boolean),
    id: field(document?.['spdxId']),
    components: packages.slice(0, MAX_COMPONENTS).map((one) => ({
      name: field(one['name']),
      version: field(one['software_packageVersion']),
      licence: '',
      purl: field(one['software_packageUrl']),
    })),
    isCut: packages.length > MAX_COMPONENTS,
  }
}

function field(value: unknown): string {
  return textOf(value).slice(0, MAX_FIELD)
}
