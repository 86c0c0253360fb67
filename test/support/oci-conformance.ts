// The conformance program of the OCI distribution specification against a registry, and what its report says.
// https://github.com/opencontainers/distribution-spec/tree/main/conformance
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ca } from './ca.ts'
import { makeRegistryHome } from './registry-home.ts'

/** What to test. */
export interface ConformanceOptions {
  /** Such as `127.0.0.1:5000`. Its repositories must be empty: a second run fails at what the first one left. */
  registry: string
  user?: string
  password?: string
  /** Its certificate's; plain HTTP when absent. */
  ca?: Ca
  /** `conformance/repo1` and `repo2` when absent. */
  repositories?: readonly [string, string]
  /** More of its settings, such as `{ OCI_API_BLOBS_UPLOAD_CANCEL: 'true' }`. */
  env?: Record<string, string>
  /** 120 s when absent. */
  timeoutMs?: number
}

/** Its counts; groups of tests count as tests, too. */
export interface ConformanceReport {
  tests: number
  failures: number
  /** Of the program itself. */
  errors: number
  skipped: number
  disabled: number
  /** What failed, without the groups: their paths, sorted, to compare two registries by. */
  failed: string[]
  /** All that it printed, and each answer: for a person. */
  junit: string
}

/** Runs it to its end; rejects only when there is no report. */
export async function conformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { registry, user = '', password = '', ca, repositories, env, timeoutMs = 120_000 } = options
  const [first = 'conformance/repo1', second = 'conformance/repo2'] = repositories ?? []
  const home = makeRegistryHome(ca)
  const settings = {
    OCI_REGISTRY: registry,
    OCI_TLS: ca === undefined ? 'disabled' : 'enabled',
    OCI_USERNAME: user,
    OCI_PASSWORD: password,
    OCI_REPO1: first,
    OCI_REPO2: second,
    OCI_RESULTS_DIR: 'results',
    ...env,
  }
  try {
    // Exit 1 means that a test failed.
    const said = await home
      .run('oci-conformance', [], { env: settings, timeoutMs })
      .catch((error: unknown) => String(error))
    return readReport(join(home.directory, 'results', 'junit.xml'), said)
  } finally {
    home.remove()
  }
}

function readReport(file: string, said: string): ConformanceReport {
  let junit: string
  try {
    junit = readFileSync(file, 'utf8')
  } catch {
    throw new Error(`the conformance program made no report\n${said}`)
  }
  const suite = /<testsuite [^>]*>/.exec(junit)?.[0] ?? ''
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? NaN)
  const cases = junit.matchAll(/<testcase name="([^"]*)"[^>]* status="(failure|error)"/g)
  return {
    tests: count('tests'),
    failures: count('failures'),
    errors: count('errors'),
    skipped: count('skipped'),
    disabled: count('disabled'),
    failed: Array.from(cases, ([, name = '']) => name.replace('OCI Conformance Test/', '')).sort(),
    junit,
  }
}
