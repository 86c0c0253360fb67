// What a provider says of somebody: in her ID token, and where that leaves something out, by its userinfo endpoint.
import { type Configuration, fetchUserInfo, type IDToken } from 'openid-client'
import { type ClaimNames, type Named, readClaims } from './claims.ts'

type Asked = {
  claims: ClaimNames
  tokens: { access_token: string; claims(): IDToken | undefined }
  subject: string
}

/** `groups` is undefined only when there was nothing to read it from. Rejects when userinfo is needed and does not answer. */
export async function named(
  client: Configuration,
  { claims, tokens, subject }: Asked,
): Promise<Named> {
  const idClaims = tokens.claims()
  const inToken = readClaims(idClaims, claims)
  if (inToken.groups && inToken.username !== undefined) return inToken
  const { userinfo_endpoint: endpoint } = client.serverMetadata()
  if (endpoint === undefined) return { ...inToken, groups: inToken.groups ?? (idClaims && []) }
  // https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse: it has to be about the same person.
  const said = readClaims(await fetchUserInfo(client, tokens.access_token, subject), claims)
  return {
    username: inToken.username ?? said.username,
    groups: inToken.groups ?? said.groups ?? [],
  }
}
