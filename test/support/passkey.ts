// Passkeys of a Chromium with a virtual authenticator, at a real Pocket ID.
import type { Page } from 'playwright-core'
import type { PocketId, PocketIdUser } from './pocket-id.ts'

/** Makes one for somebody, by a code from her administrator, and logs her out there; returns what the authenticator holds. */
export async function addPasskey(
  page: Page,
  { issuer, oneTimeCode }: PocketId,
  user: PocketIdUser,
) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  })
  await page.goto(`${issuer}/lc/${await oneTimeCode(user)}`)
  await page.waitForURL(`${issuer}/settings/**`)
  await page.goto(`${issuer}/settings/account`)
  await page.getByRole('button', { name: 'Add Passkey' }).first().click()
  await page.getByRole('dialog').waitFor()
  const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId })
  await page.context().clearCookies()
  return credentials
}

/** Says yes to a login at Pocket ID, by the passkey, and to what the client wants to know, which is asked the first time. */
export async function signIn(page: Page, { issuer }: PocketId, isFirst: boolean): Promise<void> {
  await page.waitForURL(`${issuer}/authorize**`)
  const button = page.getByRole('button', { name: 'Sign in' })
  await button.click()
  if (isFirst) await button.click()
}
