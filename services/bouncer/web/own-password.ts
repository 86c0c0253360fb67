// The login of the pages: by a person's own password. App passwords lie in the files of programs, and whoever finds one
// must not change the password, or delete the history, with it.
import { type Attempt, type Authenticated, admit } from '../account/authenticate.ts'
import { checkPassword, hashAppPassword } from '../account/password.ts'
import type { Bouncer } from '../bouncer.ts'

/** As `authenticate`, but app passwords are refused. The reason is a sentence for the person. */
export async function authenticateByOwn(
  bouncer: Bouncer,
  { password, ...attempt }: Attempt & { password: string },
): Promise<Authenticated> {
  const { users, credentials } = bouncer.store
  let isApp = false
  const result = await admit(bouncer, attempt, async () => {
    const user = users.named(attempt.name)
    isApp =
      user !== undefined &&
      credentials.appPassword(user.id, hashAppPassword(password)) !== undefined
    return isApp ? undefined : await checkPassword(bouncer, attempt, password)
  })
  if (result.ok) return result
  const reason = result.isForNow
    ? `${result.reason}.`
    : isApp
      ? 'App passwords are for programs: use your own password.'
      : 'User name and password do not fit. Look at both and try again.'
  return { ...result, reason }
}
