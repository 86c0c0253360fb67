// Commands to copy: one click selects a line, without a script.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { isImageConfig } from '../images/document.ts'
import type { FoundManifest } from '../images/reader.ts'
import type { Reference, Repository } from '../name.ts'
import type { Visit } from './visit.ts'

type Line = [about: string, command: string]

/** By tag when it was opened by one, and by digest: the one moves on, the other stays what it is. */
export function commands(
  { web: { registry } }: Visit,
  repository: Repository,
  reference: Reference,
  found: FoundManifest,
): Html {
  const name = `${registry.host}/${repository}`
  const short = repository.split('/').at(-1) ?? ''
  const byDigest = `${name}@${found.digest}`
  const pull = isContainer(found) ? pullImage : pullArtifact
  const keys = registry.trustedKeys.map((key) => key.name)
  const verify = (keys.length > 0 ? keys : ['KEY']).map(
    (key): Line => [`Verify with ${key}`, `cosign verify --key ${wordOf(key)}.pub ${byDigest}`],
  )
  const more: Line[] = [['What refers to it', `oras discover ${byDigest}`]]
  if (reference.kind === 'digest') {
    return html`<h2>Use it</h2>\n${lines([...pull(byDigest, short), ...verify, ...more])}`
  }
  const byTag = `${name}:${reference.tag}`
  return html`<h2>Use it</h2>
${lines(pull(byTag, short))}
<details><summary>By its digest, which stays this image</summary>${lines(pull(byDigest, short))}</details>
<details><summary>Verify and look around</summary>${lines([...verify, ...more])}</details>`
}

const pullImage = (address: string, short: string): Line[] => [
  ['docker', `docker pull ${address}`],
  ['podman', `podman pull ${address}`],
  ['skopeo', `skopeo copy docker://${address} oci:${short}`],
  ['oras', `oras copy ${address} --to-oci-layout ${short}`],
]

const pullArtifact = (address: string): Line[] => [['oras', `oras pull ${address}`]]

function isContainer({ manifest }: FoundManifest): boolean {
  if (manifest?.kind === 'index') return true
  return manifest?.config !== undefined && isImageConfig(manifest.config)
}

function lines(all: readonly Line[]): Html {
  return html`<dl class="commands">${all.map(
    ([about, command]) => html`<dt>${about}</dt><dd><code class="copy">${command}</code></dd>`,
  )}</dl>`
}

/** The name of a file, as a shell takes it. */
function wordOf(name: string): string {
  return /^[\w.@%+=:,/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}
