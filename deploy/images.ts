// The images that the bundle runs, by the settings that have their version and digest. A test compares with deploy/base.

export interface BundleImage {
  /** Its registry and name; `$DOMAIN` stands for the owner's. */
  name: string
  /** The setting of its tag. */
  version: string
  /** The setting of its digest. */
  digest: string
  /** Of ours: it is there when CI has pushed it. */
  isOurs?: true
}

export const images: readonly BundleImage[] = [
  {
    name: 'oci.$DOMAIN/fuchsbau/fediverse',
    version: 'FUCHSBAU_VERSION',
    digest: 'FEDIVERSE_DIGEST',
    isOurs: true,
  },
  {
    name: 'oci.$DOMAIN/fuchsbau/bouncer',
    version: 'FUCHSBAU_VERSION',
    digest: 'BOUNCER_DIGEST',
    isOurs: true,
  },
  third('ghcr.io/project-zot/zot-linux-arm64', 'ZOT'),
  third('ghcr.io/pocket-id/pocket-id', 'POCKET_ID'),
  third('ghcr.io/juanfont/headscale', 'HEADSCALE'),
  third('ghcr.io/gurucomputing/headscale-ui', 'HEADSCALE_UI'),
  third('docker.io/tailscale/tailscale', 'TAILSCALE'),
  third('docker.io/coredns/coredns', 'COREDNS'),
  third('docker.io/inspircd/inspircd-docker', 'INSPIRCD'),
]

function third(name: string, prefix: string): BundleImage {
  return { name, version: `${prefix}_VERSION`, digest: `${prefix}_DIGEST` }
}
