// The policy where no file says otherwise.

/** `ADMINS` stands for the group of `registry.admin_group`. */
export const DEFAULT_POLICY = `rules:
  - who: [owner, "group:ADMINS"]
    repositories: ["**"]
    allow: [pull, push, overwrite, delete, catalog, admin]
  - who: [people]
    repositories: ["**"]
    allow: [pull, catalog]
  - who: [people]
    repositories: ["\${username}/**"]
    allow: [pull, push, overwrite, delete]
  - who: [robots]
    repositories: ["**"]
    allow: [pull, push, overwrite, delete, catalog]
`

/** The text of the default policy for this group of administrators. */
export function defaultPolicy(adminGroup: string): string {
  return DEFAULT_POLICY.replace('"group:ADMINS"', () => JSON.stringify(`group:${adminGroup}`))
}
