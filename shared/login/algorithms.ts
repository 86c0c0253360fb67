// By which algorithms a JWT of somebody else's may be signed.

/**
 * Those of a key pair (RFC 7518, 3.1; RFC 8037): with a shared secret, the public key would be one (RFC 8725, 2.1), and others
 * are advised against (3.1).
 */
export const KEY_PAIR_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
