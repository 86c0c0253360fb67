// What media types and types of statements are called by people. Unknown ones are shown as they are.

const ARTIFACTS: readonly [RegExp, string][] = [
  [/^application\/vnd\.dev\.sigstore\.bundle/, 'Sigstore bundle'],
  [/^application\/vnd\.dev\.cosign\.(simplesigning|artifact\.sig)/, 'Signature'],
  [/^application\/vnd\.(dsse\.envelope|in-toto)/, 'Attestation'],
  [/cyclonedx/, 'SBOM (CycloneDX)'],
  [/spdx/, 'SBOM (SPDX)'],
  [/syft/, 'SBOM (Syft)'],
  [/^application\/vnd\.cncf\.notary\.signature/, 'Signature (Notary)'],
  [/^application\/vnd\.cncf\.helm/, 'Helm chart'],
  [/^application\/sarif\+json/, 'Scan report (SARIF)'],
  [
    /^application\/vnd\.(oci\.image\.index\.|docker\.distribution\.manifest\.list\.)/,
    'Image index',
  ],
  [/^application\/vnd\.(oci\.image\.|docker\.)/, 'Image'],
]

/** https://github.com/in-toto/attestation/tree/v1.1.0/spec/predicates */
const PREDICATES: readonly [RegExp, string][] = [
  [/^https:\/\/sigstore\.dev\/cosign\/sign\/v1$/, 'Signature'],
  [/^https:\/\/slsa\.dev\/provenance\//, 'Build provenance (SLSA)'],
  [/^https:\/\/slsa\.dev\/verification_summary\//, 'Verification summary (SLSA)'],
  [/^https:\/\/cyclonedx\.org\/bom/, 'SBOM (CycloneDX)'],
  [/^https:\/\/spdx\.dev\/Document/, 'SBOM (SPDX)'],
  [
    /^https:\/\/cosign\.sigstore\.dev\/attestation\/vuln\/|^https:\/\/in-toto\.io\/attestation\/vulns/,
    'Vulnerability scan',
  ],
  [/^https:\/\/openvex\.dev\//, 'Vulnerabilities explained (OpenVEX)'],
  [/^https:\/\/in-toto\.io\/attestation\/test-result\//, 'Test result'],
  [
    /^https:\/\/in-toto\.io\/attestation\/link\/|^https:\/\/in-toto\.io\/Link\//,
    'Build step (in-toto)',
  ],
  [/^https:\/\/in-toto\.io\/attestation\/scai\//, 'Attributes of the software (SCAI)'],
  [/^https:\/\/in-toto\.io\/attestation\/release\//, 'Release'],
  [/^https:\/\/cosign\.sigstore\.dev\/attestation\//, 'Statement of its own kind'],
]

export function artifactInWords(type: string): string {
  return inWords(ARTIFACTS, type)
}

export function predicateInWords(type: string): string {
  return inWords(PREDICATES, type)
}

function inWords(table: readonly [RegExp, string][], type: string): string {
  const known = table.find(([pattern]) => pattern.test(type))
  return known?.[1] ?? (type === '' ? 'Something' : type)
}
