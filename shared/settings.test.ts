import { expect, test } from 'vitest'
import { providerOf } from './settings.ts'

const issuer = 'https://id.test'

test('there is an identity provider as soon as it and our name there are set; a secret is not needed', () => {
  const of = (oidc: { issuer?: string; clientId?: string; clientSecret?: string }) =>
    providerOf({
      oidc: {
        ...{ issuer: undefined, clientId: undefined, clientSecret: undefined },
        ...{ scopes: ['profile'], usernameClaim: 'nick', groupsClaim: 'realm_access.roles' },
        ...oidc,
      },
    })
  expect(of({})).toBeUndefined()
  expect(of({ issuer })).toBeUndefined()
  expect(of({ clientId: 'den', clientSecret: 'secret' })).toBeUndefined()
  expect(of({ issuer, clientId: 'den' })).toEqual({
    issuer,
    clientId: 'den',
    clientSecret: undefined,
    scopes: ['profile'],
    claims: { username: 'nick', groups: 'realm_access.roles' },
  })
  expect(of({ issuer, clientId: 'den', clientSecret: 'secret' })?.clientSecret).toBe('secret')
})
