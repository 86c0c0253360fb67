// What the bundle reads from Vault, and where each comes from. A test compares with the ExternalSecrets of the manifests.

export interface VaultSecret {
  /** Below the mount. */
  key: string
  /** Each property with a shell's words for its value. */
  properties: Readonly<Record<string, string>>
}

const RANDOM = '"$(openssl rand -base64 32)"'
const CLIENT = { oidc_client_id: '…', oidc_client_secret: '…' }

export const secrets: readonly VaultSecret[] = [
  { key: 'fuchsbau/pocket-id', properties: { encryption_key: RANDOM } },
  { key: 'fuchsbau/fediverse', properties: { ...CLIENT, owner_password: RANDOM } },
  { key: 'fuchsbau/bouncer', properties: { ...CLIENT, owner_password: RANDOM } },
  { key: 'fuchsbau/registry', properties: { ...CLIENT, owner_password: RANDOM } },
  { key: 'fuchsbau/headscale', properties: CLIENT },
  { key: 'fuchsbau/tailnet', properties: { preauth_key: '…', router_preauth_key: '…' } },
  { key: 'fuchsbau/inspircd', properties: { oper_password_hash: '…', cloak_key: RANDOM } },
  { key: 'fuchsbau/cloudflare', properties: { api_token: '…' } },
  { key: 'fuchsbau/unifi', properties: { api_key: '…' } },
  {
    key: 'fuchsbau/restic',
    properties: { url: 's3:https://…', password: RANDOM, access_key: '…', secret_key: '…' },
  },
  {
    key: 'fuchsbau/grafana',
    properties: { admin_user: 'admin', admin_password: RANDOM, ...CLIENT },
  },
]
