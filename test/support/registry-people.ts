// People of a registry who log in to its pages by password: in tests only the owner could, otherwise.
import { hashPassword } from '@fuchsbau/shared/password.ts'
import { expect } from 'vitest'
import type { Store } from '../../services/registry/store/store.ts'
import { type CookieBrowser, cookieBrowser } from './cookie-browser.ts'
import { person, type RegistryProcess } from './registry-process.ts'
import { PASSWORD } from './service-process.ts'

/** Adds people with these groups; for the seed of a registry. Resolves to the numbers of their rows. */
export async function peopleWithPassword(
  groups: Readonly<Record<string, string[]>>,
): Promise<(store: Store) => Map<string, number>> {
  const password = await hashPassword(PASSWORD)
  return (store) =>
    new Map(
      Object.entries(groups).map(([name, her]) => [
        name,
        store.people.add({ ...person(name, her), password })?.id ?? 0,
      ]),
    )
}

/** The browser of one of them, or of the owner, logged in. */
export async function logInTo({ url }: RegistryProcess, name: string): Promise<CookieBrowser> {
  const browser = cookieBrowser(url)
  const answer = await browser.post('/login', { user: name, password: PASSWORD })
  expect(answer.location).toBe(`${url}/`)
  await browser.get('/account')
  return browser
}
